//! Sends requests and reads their answers.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::Cursor;
use wire::json::FromJson;

use super::error::{ApiError, Kind};
#[cfg(all(test, not(target_arch = "wasm32")))]
use super::model::Transport;
use super::pages::Pages;
use super::precondition::{Changed, Deleted, Written, deletion, entity_tag};
use super::response::Answer;
use super::rows::read_one;
use crate::browser::fetch::{Request, Response, Verb, fetch};
use crate::browser::{self, clock};
use crate::config::Config;

/// The time limit of a request, including the arrival of its answer.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The server's REST API. Cheap to clone; equal only to its own clones.
#[derive(Clone)]
pub struct Api {
    inner: Rc<Inner>,
    /// The idempotency key of the requests, by which the server recognizes a repetition.
    key: Option<Rc<str>>,
    /// The auth session that the requests belong to. In any other session nothing is sent.
    epoch: Option<u64>,
}

/// A request for a path of the API.
pub(super) struct Call<'a> {
    pub(super) verb: Verb,
    pub(super) path: &'a str,
    pub(super) body: Option<Content>,
    /// The version that the row must still have.
    pub(super) if_match: Option<u64>,
}

impl<'a> Call<'a> {
    pub(super) const fn get(path: &'a str) -> Self {
        Self {
            verb: Verb::Get,
            path,
            body: None,
            if_match: None,
        }
    }

    /// Returns a request that sends JSON.
    pub(super) fn json(verb: Verb, path: &'a str, body: &impl Serialize) -> Result<Self, ApiError> {
        Ok(Self {
            verb,
            path,
            body: Some(("application/json", written(serde_json::to_string(body).ok())?)),
            if_match: None,
        })
    }

    /// Adds the condition that the row still has this version. `None` adds no condition.
    pub(super) const fn if_match(mut self, version: Option<u64>) -> Self {
        self.if_match = version;
        self
    }
}

type ReadListener = Rc<dyn Fn(Option<Cursor>)>;
/// A content type and a request body.
pub(super) type Content = (&'static str, String);

struct Inner {
    base: String,
    version: Option<String>,
    honours_keys: bool,
    patches: bool,
    /// Whether the server has a separate route for the status of a row, as far as is known.
    has_status_route: Cell<bool>,
    /// The number of sign-ins and sign-outs. An answer to a request from before the last one is ignored.
    epoch: Cell<u64>,
    on_unauthorized: RefCell<Option<Rc<dyn Fn()>>>,
    on_read: RefCell<Option<ReadListener>>,
    /// The simulated server that answers in place of the network.
    #[cfg(all(test, not(target_arch = "wasm32")))]
    transport: RefCell<Option<Transport>>,
}

impl Api {
    /// Creates the API of this deployment.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let inner = Inner {
            base: config.api_base.clone(),
            version: config.api_version.clone(),
            honours_keys: config.api_idempotency,
            patches: config.api_patch,
            has_status_route: Cell::new(true),
            epoch: Cell::new(0),
            on_unauthorized: RefCell::default(),
            on_read: RefCell::default(),
            #[cfg(all(test, not(target_arch = "wasm32")))]
            transport: RefCell::default(),
        };
        Self {
            inner: Rc::new(inner),
            key: None,
            epoch: None,
        }
    }

    /// Returns this API for requests that are carried out once, however often they arrive (the header
    /// `Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header).
    #[must_use]
    pub fn with_key(&self, key: Rc<str>) -> Self {
        Self {
            key: Some(key),
            ..self.clone()
        }
    }

    /// Returns this API for requests of the current auth session: nothing is sent once its person has signed out. An
    /// API that is bound to a session already stays bound to that session.
    #[must_use]
    pub fn in_this_session(&self) -> Self {
        Self {
            epoch: self.epoch.or_else(|| Some(self.inner.epoch.get())),
            ..self.clone()
        }
    }

    /// Sets a simulated server that answers in place of the network.
    #[cfg(all(test, not(target_arch = "wasm32")))]
    pub(crate) fn set_transport(&self, transport: Transport) {
        *self.inner.transport.borrow_mut() = Some(transport);
    }

    /// Whether the server treats two requests with the same key as one.
    #[must_use]
    pub fn honours_keys(&self) -> bool {
        self.inner.honours_keys
    }

    /// Whether the server writes rows field by field (`PATCH` with `If-Match`) and can restore them. Otherwise rows are
    /// written as a whole.
    #[must_use]
    pub fn patches(&self) -> bool {
        self.inner.patches
    }

    /// Whether the server has a separate route for the status of a row, as far as is known.
    #[must_use]
    pub fn has_status_route(&self) -> bool {
        self.inner.has_status_route.get()
    }

    pub(super) fn note_no_status_route(&self) {
        self.inner.has_status_route.set(false);
    }

    /// Sets the listener that is notified when the server answers that no person is signed in.
    pub fn on_unauthorized(&self, listener: impl Fn() + 'static) {
        *self.inner.on_unauthorized.borrow_mut() = Some(Rc::new(listener));
    }

    /// Sets the listener that is notified of every read, with the position in the server's event log that the read
    /// reflects.
    pub fn on_read(&self, listener: impl Fn(Option<Cursor>) + 'static) {
        *self.inner.on_read.borrow_mut() = Some(Rc::new(listener));
    }

    /// Begins another auth session after a sign-in or a sign-out: answers to earlier requests no longer notify the
    /// listeners.
    pub fn fence(&self) {
        self.inner.epoch.set(self.inner.epoch.get() + 1);
    }

    /// Reads a resource and returns the unparsed body.
    pub(super) async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ApiError> {
        self.call(Verb::Get, path, None).await
    }

    /// Reads a list, of one page or many, and returns the unparsed body. The position of the list is that of the first
    /// page: the list is no newer than its oldest part.
    pub(super) async fn get_list(&self, path: &str) -> Result<Vec<u8>, ApiError> {
        // If another person signs in meanwhile, the remaining pages are not fetched.
        let api = self.in_this_session();
        let (mut response, done) = api.exchange(Call::get(path)).await?;
        done?;
        let mut pages = Pages::default();
        while let Some(next) = response.link.take().and_then(|link| pages.address_of_next(path, &link)) {
            pages.push(response.body);
            let (further, done) = api.ask(Call::get(&next)).await?;
            done?;
            response = further;
        }
        pages.join(response.body).ok_or_else(|| Kind::Unreadable.into())
    }

    pub(super) async fn get<T: FromJson>(&self, path: &str) -> Result<T, ApiError> {
        read_one(&self.get_bytes(path).await?)
    }

    pub(super) async fn send_json<T: FromJson>(
        &self,
        verb: Verb,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        let body = ("application/json", written(serde_json::to_string(body).ok())?);
        read_one(&self.call(verb, path, Some(body)).await?)
    }

    pub(super) async fn delete(&self, path: &str) -> Result<(), ApiError> {
        self.call(Verb::Delete, path, None).await.map(drop)
    }

    /// Writes a row on condition that it still has this version, and parses the answer.
    pub(super) async fn write<T: FromJson + DeserializeOwned>(&self, call: Call<'_>) -> Result<Written<T>, ApiError> {
        let (response, done) = self.exchange(call).await?;
        match (response.status, done) {
            (412, Err(error)) => Changed::read(&response.body).map(Written::Changed).ok_or(error),
            (_, Err(error)) if matches!(error.kind(), Kind::NotFound) => Ok(Written::Gone(deletion(&response.body))),
            (_, Err(error)) => Err(error),
            (_, Ok(())) => read_one(&response.body).map(Written::Done),
        }
    }

    /// Deletes a row on condition that it still has this version.
    pub(super) async fn delete_if<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Deleted<T>, ApiError> {
        let (response, done) = self.exchange(call).await?;
        match (response.status, done) {
            (412, Err(error)) => Changed::read(&response.body).map(Deleted::Changed).ok_or(error),
            (_, Err(error)) if !matches!(error.kind(), Kind::NotFound) => Err(error),
            // The deletion of a missing row succeeds.
            (_, Err(_) | Ok(())) => Ok(Deleted::Done),
        }
    }

    /// Sends a request on behalf of the person who is signed in.
    pub(super) async fn call(&self, verb: Verb, path: &str, body: Option<Content>) -> Result<Vec<u8>, ApiError> {
        let (response, done) = self
            .exchange(Call {
                verb,
                path,
                body,
                if_match: None,
            })
            .await?;
        done.map(|()| response.body)
    }

    /// Sends an authenticated request. Reports the position of a read and the end of the session to the listeners.
    async fn exchange(&self, call: Call<'_>) -> Result<(Response, Result<(), ApiError>), ApiError> {
        let (epoch, verb) = (self.inner.epoch.get(), call.verb);
        let (response, done) = self.ask(call).await?;
        let concerns_us = || epoch == self.inner.epoch.get();
        if verb == Verb::Get && response.status < 400 && concerns_us() {
            let position = response.event_cursor.as_deref().and_then(|text| text.parse().ok());
            let listener = self.inner.on_read.borrow().clone();
            if let Some(listener) = listener {
                listener(position);
            }
        }
        Ok((response, done))
    }

    /// Sends an authenticated request without reporting its position.
    async fn ask(&self, call: Call<'_>) -> Result<(Response, Result<(), ApiError>), ApiError> {
        let epoch = self.inner.epoch.get();
        if self.epoch.is_some_and(|bound| bound != epoch) {
            return Err(Kind::Unauthorized.into());
        }
        let response = self.send(call).await?;
        let done = answer(&response).done();
        if let Err(error) = &done
            && matches!(error.kind(), Kind::Unauthorized)
        {
            self.tell_unauthorized(epoch);
        }
        Ok((response, done))
    }

    /// Notifies the listener of the end of the session, unless another person has signed in since. The notification
    /// follows the end of the request: a mutation that was refused for this reason has to settle before the person is
    /// signed out.
    fn tell_unauthorized(&self, epoch: u64) {
        let Some(listener) = self.inner.on_unauthorized.borrow().clone() else {
            return;
        };
        let api = self.clone();
        browser::spawn(async move {
            if epoch == api.inner.epoch.get() {
                listener();
            }
        });
    }

    /// Sends a form. The status 401 is an answer here, and does not end the session.
    pub(super) async fn send_form<T: FromJson>(&self, path: &str, form: &impl Serialize) -> Result<T, ApiError> {
        let body = (
            "application/x-www-form-urlencoded",
            written(serde_urlencoded::to_string(form).ok())?,
        );
        let response = self
            .send(Call {
                verb: Verb::Post,
                path,
                body: Some(body),
                if_match: None,
            })
            .await?;
        answer(&response).data()
    }

    async fn send(&self, call: Call<'_>) -> Result<Response, ApiError> {
        let Call {
            verb: method,
            path,
            body,
            if_match,
        } = call;
        let version = self.inner.version.iter().map(|version| ("x-version", version.clone()));
        let key = self.key.iter().filter(|_| self.honours_keys());
        let key = key.map(|key| ("idempotency-key", key.to_string()));
        let condition = if_match.map(|version| ("if-match", entity_tag(version)));
        let headers = version.chain(key).chain(condition).collect();
        let url = format!("{}{path}", self.inner.base);
        let request = Request {
            method,
            url,
            headers,
            body,
        };
        #[cfg(all(test, not(target_arch = "wasm32")))]
        {
            let transport = self.inner.transport.borrow().clone();
            if let Some(transport) = transport {
                return Ok(transport(request).await?);
            }
        }
        Ok(fetch(request, TIME_LIMIT).await?)
    }
}

/// Unwraps a serialized body. A body that can not be serialized is reported as invalid, as if the server had refused
/// it.
fn written(text: Option<String>) -> Result<String, ApiError> {
    text.ok_or_else(|| {
        log::error!("a request can not be written");
        Kind::Invalid(None).into()
    })
}

fn answer(response: &Response) -> Answer<'_> {
    Answer {
        status: response.status,
        retry_after: response.retry_after.as_deref(),
        body: &response.body,
        now: clock::wall(),
    }
}

impl PartialEq for Api {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Api(..)")
    }
}
