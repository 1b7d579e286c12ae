//! The session: the person who is signed in, and the steps of a sign-out.
//!
//! A sign-out takes the same steps in the same order for every reason: the registered cleanups run, the remembered
//! person is forgotten, the state changes (and with it the page), and the server is told.

mod provider;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_channel::oneshot;
use wire::{Credentials, User, UserId};
use yew::Callback;

use crate::api::{Api, ApiError, Kind};
use crate::backoff::Backoff;
use crate::browser::{self, Timeout, storage};
pub use provider::{SessionProvider, SessionProviderProperties, use_session};

/// The delays between attempts to find out who is signed in. Few tabs are loaded while the server is unreachable, and
/// not at the same moment. So they need no jitter.
const RETRIES: Backoff = Backoff {
    cap: Duration::from_secs(15),
    jitter: 0.0,
    ..Backoff::DEFAULT
};

/// The state of the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Session {
    /// The server is being asked.
    Restoring,
    /// The server could not be asked.
    Unknown(ApiError),
    /// No person is signed in. The reason is given if a person was signed out.
    SignedOut(Option<Farewell>),
    /// This person is signed in.
    SignedIn(Rc<User>),
}

/// The reason of a sign-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The person asked for it.
    Asked,
    /// The session has ended.
    Expired,
    /// The server has forced it, for this reason.
    Forced(String),
}

impl Farewell {
    /// Returns the word for the reason in an address.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Asked => "signed_out",
            Self::Expired => "session_expired",
            Self::Forced(_) => "forced_logout",
        }
    }
}

/// The session and the actions on it. Handles are equal while the session stays the same.
#[derive(Clone, Debug)]
pub struct SessionHandle {
    session: Session,
    core: Rc<Core>,
}

type Cleanup = dyn Fn(&Farewell) -> Result<(), String>;

struct Core {
    api: Api,
    /// The authoritative session. Components see a copy of it.
    session: RefCell<Session>,
    publish: Callback<Session>,
    cleanups: RefCell<Vec<(&'static str, Weak<Cleanup>)>>,
    is_leaving: Cell<bool>,
    /// Whether the tab is hidden in the back/forward cache.
    is_away: Cell<bool>,
    /// The number of the latest attempt to find out who is signed in. Only the answer to the latest attempt counts.
    asking: Cell<u64>,
    /// The timer of the next attempt, after a failed one.
    retry: RefCell<Option<Timeout>>,
    /// The number of failed attempts in a row.
    failures: Cell<u32>,
    /// Whether the browser remembers the person who is signed in. Some browsers store nothing.
    is_remembered: Cell<bool>,
    /// The number of changes of the person who was signed out that are kept until they are back.
    kept: Cell<usize>,
    /// The receiver that ends once the server has been told of the last sign-out, or could not be told.
    telling: RefCell<Option<oneshot::Receiver<()>>>,
}

impl SessionHandle {
    /// Returns the state of the session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the person who is signed in.
    #[must_use]
    pub fn user(&self) -> Option<&Rc<User>> {
        match &self.session {
            Session::SignedIn(user) => Some(user),
            Session::Restoring | Session::Unknown(_) | Session::SignedOut(_) => None,
        }
    }

    /// Returns the number of changes of the person who was signed out last that are kept until they are back.
    #[must_use]
    pub fn kept_changes(&self) -> usize {
        self.core.kept.get()
    }

    /// Notes that a cleanup keeps this many changes or texts of the person who is signed out.
    pub fn note_kept(&self, changes: usize) {
        self.core.kept.set(self.core.kept.get() + changes);
    }

    /// Registers a cleanup that runs on every sign-out, until the guard is dropped. The cleanup receives the reason. A
    /// cleanup that fails does not keep the others from running.
    pub fn on_sign_out(
        &self,
        name: &'static str,
        cleanup: impl Fn(&Farewell) -> Result<(), String> + 'static,
    ) -> CleanupGuard {
        let cleanup: Rc<Cleanup> = Rc::new(cleanup);
        let mut cleanups = self.core.cleanups.borrow_mut();
        cleanups.retain(|(_, cleanup)| cleanup.strong_count() > 0);
        cleanups.push((name, Rc::downgrade(&cleanup)));
        CleanupGuard(cleanup)
    }

    /// Signs in.
    ///
    /// # Errors
    ///
    /// The server refused, or could not be reached.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<(), ApiError> {
        // The answer to a pending sign-out would remove the cookie of the new session. So the sign-in waits for it.
        let telling = self.core.telling.borrow_mut().take();
        if let Some(telling) = telling {
            telling.await.unwrap_or(());
        }
        let user = self.core.api.sign_in(credentials).await?;
        storage::set_sign_out_pending(false);
        self.core.enter(user);
        Ok(())
    }

    /// Signs out. Only the first call counts: later calls have no effect while the sign-out is under way.
    pub fn sign_out(&self, farewell: Farewell) {
        Core::leave(&self.core, farewell);
    }

    /// Asks the server whether the session is alive and still belongs to this person: another tab may have signed them
    /// out and another person in. Calls back if so. The request has then also renewed the session, on servers that
    /// renew sessions.
    pub fn check(&self, if_alive: impl FnOnce() + 'static) {
        Core::check(&self.core, if_alive);
    }

    /// Asks the server again at once who is signed in, after it could not be asked. Further attempts are made
    /// automatically.
    pub fn restore(&self) {
        self.core.set(Session::Restoring);
        let core = Rc::clone(&self.core);
        browser::spawn(async move { Core::restore(&core).await });
    }
}

impl PartialEq for SessionHandle {
    fn eq(&self, other: &Self) -> bool {
        self.session == other.session && Rc::ptr_eq(&self.core, &other.core)
    }
}

impl Core {
    fn set(&self, session: Session) {
        *self.session.borrow_mut() = session.clone();
        self.publish.emit(session);
    }

    fn user(&self) -> Option<UserId> {
        match &*self.session.borrow() {
            Session::SignedIn(user) => Some(user.id),
            Session::Restoring | Session::Unknown(_) | Session::SignedOut(_) => None,
        }
    }

    fn check(core: &Rc<Self>, if_alive: impl FnOnce() + 'static) {
        let Some(user) = core.user() else { return };
        // If the browser remembers another person or none, the sign-out does not wait for the server, so that no data
        // of this person is shown any longer. Cleared records say nothing about the session.
        let remembered = storage::remembered_user();
        if core.is_remembered.get() && !storage::was_cleared() && remembered != Some(user.to_string()) {
            return Self::leave(core, Farewell::Expired);
        }
        let core = Rc::clone(core);
        browser::spawn(async move {
            let answer = core.ask().await;
            if core.user() != Some(user) {
                return;
            }
            match answer {
                Ok(found) if found.id == user => if_alive(),
                Ok(_) => return Self::leave(&core, Farewell::Expired),
                Err(error) if matches!(error.kind(), Kind::Unauthorized) => {
                    return Self::leave(&core, Farewell::Expired);
                }
                // Other errors leave the session as it is; the next request detects an expired one.
                Err(_) => {}
            }
            if storage::was_cleared() {
                core.remember(user);
            }
        });
    }

    /// Handles the return of the tab from the back/forward cache.
    fn come_back(core: &Rc<Self>) {
        if !core.is_away.replace(false) {
            return;
        }
        if matches!(&*core.session.borrow(), Session::Restoring) {
            // The answer to the earlier request is out of date.
            let core = Rc::clone(core);
            browser::spawn(async move { Self::restore(&core).await });
        }
        Self::check(core, || {});
    }

    fn enter(&self, user: User) {
        self.api.fence();
        self.is_leaving.set(false);
        self.remember(user.id);
        self.set(Session::SignedIn(Rc::new(user)));
    }

    fn remember(&self, user: UserId) {
        let id = user.to_string();
        storage::remember_user(Some(&id));
        self.is_remembered.set(storage::remembered_user() == Some(id));
    }

    fn leave(core: &Rc<Self>, farewell: Farewell) {
        let Some(user) = core.user() else { return };
        if core.is_leaving.replace(true) {
            return;
        }
        core.api.fence();
        let cleanups: Vec<_> = core.cleanups.borrow().clone();
        core.kept.set(0);
        for (name, cleanup) in cleanups {
            if let Some(cleanup) = cleanup.upgrade()
                && let Err(error) = cleanup(&farewell)
            {
                log::error!("cleaning up {name} failed: {error}");
            }
        }
        // Another tab may have remembered another person by now.
        if storage::was_cleared() || storage::remembered_user() == Some(user.to_string()) {
            storage::remember_user(None);
        }
        let server_knows = farewell == Farewell::Expired;
        core.set(Session::SignedOut(Some(farewell)));
        if !server_knows {
            // A reload before the server has been told must not restore the session.
            storage::set_sign_out_pending(true);
            let (told, is_told) = oneshot::channel::<()>();
            *core.telling.borrow_mut() = Some(is_told);
            let core = Rc::clone(core);
            browser::spawn(async move {
                core.tell_server().await;
                drop(told);
            });
        }
    }

    /// Ends the session on the server. Returns whether that succeeded.
    async fn tell_server(&self) -> bool {
        match self.api.sign_out().await {
            Ok(()) => {
                storage::set_sign_out_pending(false);
                true
            }
            Err(error) => {
                log::warn!("the server does not know yet that somebody has signed out: {error}");
                false
            }
        }
    }

    /// Asks the server for the person who is signed in.
    async fn ask(&self) -> Result<User, ApiError> {
        match self.api.current_user().await {
            // Some servers do not support this request. All servers support the request for a person by id.
            Err(error) if matches!(error.kind(), Kind::Invalid(_) | Kind::NotFound | Kind::Forbidden) => {
                let remembered = storage::remembered_user().and_then(|id| id.parse::<UserId>().ok());
                let Some(id) = remembered else {
                    return Err(Kind::Unauthorized.into());
                };
                self.api.user(id).await.map_err(|error| match error.kind() {
                    // Another person is signed in.
                    Kind::Forbidden | Kind::NotFound => Kind::Unauthorized.into(),
                    _ => error,
                })
            }
            result => result,
        }
    }

    async fn restore(core: &Rc<Self>) {
        let turn = core.asking.get() + 1;
        core.asking.set(turn);
        if storage::is_sign_out_pending() && !core.tell_server().await {
            return core.set(Session::SignedOut(Some(Farewell::Asked)));
        }
        let answer = loop {
            let remembered = storage::remembered_user();
            let answer = core.ask().await;
            if core.asking.get() != turn {
                return;
            }
            // The answer is out of date if another tab has signed in or out meanwhile.
            if storage::remembered_user() == remembered {
                break answer;
            }
        };
        match answer {
            Ok(user) => core.enter(user),
            Err(error) if matches!(error.kind(), Kind::Unauthorized) => {
                storage::remember_user(None);
                core.set(Session::SignedOut(None));
            }
            Err(error) => {
                Self::retry_later(core, &error);
                return core.set(Session::Unknown(error));
            }
        }
        core.failures.set(0);
    }

    /// Schedules the next attempt to find out who is signed in. The return of the network brings it forward.
    fn retry_later(core: &Rc<Self>, error: &ApiError) {
        let failures = core.failures.get();
        core.failures.set(failures + 1);
        let asked_for = match error.kind() {
            Kind::TooManyRequests(wait) | Kind::Unavailable(wait) => wait.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let weak = Rc::downgrade(core);
        let timer = Timeout::new(RETRIES.delay(failures, 0.0).max(asked_for), move || {
            if let Some(core) = weak.upgrade() {
                Self::retry(&core);
            }
        });
        core.retry.replace(Some(timer));
    }

    /// Asks the server again if the session is unknown. The page stays as it is until there is an answer.
    fn retry(core: &Rc<Self>) {
        if matches!(&*core.session.borrow(), Session::Unknown(_)) {
            let core = Rc::clone(core);
            browser::spawn(async move { Self::restore(&core).await });
        }
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Core(..)")
    }
}

/// A guard that keeps a cleanup registered.
#[must_use = "a cleanup whose guard is dropped does not run"]
pub struct CleanupGuard(#[expect(dead_code, reason = "held so that it lives")] Rc<Cleanup>);

impl std::fmt::Debug for CleanupGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CleanupGuard(..)")
    }
}
