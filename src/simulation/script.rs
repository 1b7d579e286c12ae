//! A server that answers with the replies of a test.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::ready;
use std::rc::Rc;

use serde_json::Value;

use super::backend::{header, response};
use crate::api::Api;
use crate::browser::fetch::{FetchError, Verb};

/// The reply to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// An answer with this status and body.
    Says(u16, Value),
    /// No answer: the network fails.
    Lost,
}

/// The replies to come, and the requests so far.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) replies: RefCell<VecDeque<Reply>>,
    /// The requests, as `PATCH /actions/7 {"body":"b"}`.
    pub(crate) asked: RefCell<Vec<String>>,
    /// The idempotency keys of the requests that have one.
    pub(crate) named: RefCell<Vec<String>>,
}

impl Script {
    /// Makes this server answer the requests of an API, at once.
    pub(crate) fn serve(self: &Rc<Self>, api: &Api) {
        let script = Rc::clone(self);
        api.set_transport(Rc::new(move |request| {
            let verb = match request.method {
                Verb::Get => "GET",
                Verb::Post => "POST",
                Verb::Put => "PUT",
                Verb::Patch => "PATCH",
                Verb::Delete => "DELETE",
            };
            let name = header(&request, "idempotency-key").map(str::to_owned);
            script.named.borrow_mut().extend(name);
            let body = request.body.map(|(_, body)| format!(" {body}")).unwrap_or_default();
            script.asked.borrow_mut().push(format!("{verb} {}{body}", request.url));
            let reply = script.replies.borrow_mut().pop_front();
            Box::pin(ready(match reply {
                Some(Reply::Says(status, body)) => Ok(response(status, &body)),
                Some(Reply::Lost) | None => Err(FetchError::Network),
            }))
        }));
    }
}
