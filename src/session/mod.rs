//! Who is signed in, and the one way out.
//!
//! Signing out always takes the same steps in the same order, whoever asked for it: whatever has registered a cleanup
//! is cleaned up, what is remembered is forgotten, the state changes (and with it the page), the server is told.

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

/// How long to wait before asking again who is signed in. Pages that were loaded while the server was away are few, and
/// were not loaded at the same moment: chance need not keep them apart.
const RETRIES: Backoff = Backoff {
    cap: Duration::from_secs(15),
    jitter: 0.0,
    ..Backoff::DEFAULT
};

/// Who is signed in.
#[derive(Clone, Debug, PartialEq)]
pub enum Session {
    /// The server is being asked.
    Restoring,
    /// The server could not be asked.
    Unknown(ApiError),
    /// Nobody.
    SignedOut(Option<Farewell>),
    /// This person.
    SignedIn(Rc<User>),
}

/// Why somebody was signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// They asked for it.
    Asked,
    /// The session has ended.
    Expired,
    /// The server insisted, for this reason.
    Forced(String),
}

impl Farewell {
    /// The word for it in an address.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Asked => "signed_out",
            Self::Expired => "session_expired",
            Self::Forced(_) => "forced_logout",
        }
    }
}

/// Who is signed in, and what can be done about it. Equal while the same person is.
#[derive(Clone, Debug)]
pub struct SessionHandle {
    session: Session,
    core: Rc<Core>,
}

type Cleanup = dyn Fn(&Farewell) -> Result<(), String>;

struct Core {
    api: Api,
    /// The truth; what components see is a copy of it.
    session: RefCell<Session>,
    publish: Callback<Session>,
    cleanups: RefCell<Vec<(&'static str, Weak<Cleanup>)>>,
    is_leaving: Cell<bool>,
    /// Whether the page has been put away and is not back yet.
    is_away: Cell<bool>,
    /// Which time it is that the server is asked who is signed in: only the last answer counts.
    asking: Cell<u64>,
    /// When to ask again that could not be asked, and how often it could not.
    retry: RefCell<Option<Timeout>>,
    failures: Cell<u32>,
    /// Whether the browser remembers who is signed in here; some keep nothing.
    is_remembered: Cell<bool>,
    /// How many changes of whoever was signed out are kept until they are back.
    kept: Cell<usize>,
    /// What tells that the server has been told of the last sign-out, or could not be.
    telling: RefCell<Option<oneshot::Receiver<()>>>,
}

impl SessionHandle {
    /// Who is signed in.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The person who is signed in.
    #[must_use]
    pub fn user(&self) -> Option<&Rc<User>> {
        match &self.session {
            Session::SignedIn(user) => Some(user),
            Session::Restoring | Session::Unknown(_) | Session::SignedOut(_) => None,
        }
    }

    /// How many changes of whoever was signed out last are kept until they are back.
    #[must_use]
    pub fn kept_changes(&self) -> usize {
        self.core.kept.get()
    }

    /// A cleanup keeps so many changes or texts of the person who is signed out.
    pub fn note_kept(&self, changes: usize) {
        self.core.kept.set(self.core.kept.get() + changes);
    }

    /// Has something cleaned up whenever somebody signs out, until the guard is dropped. A cleanup is told why, and one
    /// that fails does not keep the others from running.
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
    /// The server refused, or could not be asked.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<(), ApiError> {
        // The answer to a sign-out that is under way would take the new session's cookie with it.
        let telling = self.core.telling.borrow_mut().take();
        if let Some(telling) = telling {
            telling.await.unwrap_or(());
        }
        let user = self.core.api.sign_in(credentials).await?;
        storage::set_sign_out_pending(false);
        self.core.enter(user);
        Ok(())
    }

    /// Signs out. The first call counts: what follows it while it is under way has no effect.
    pub fn sign_out(&self, farewell: Farewell) {
        Core::leave(&self.core, farewell);
    }

    /// Asks the server whether the session still lives, and is still this person's: another tab may have signed out
    /// and somebody else in. Calls back if it is; asking has renewed it then, where servers renew sessions.
    pub fn check(&self, if_alive: impl FnOnce() + 'static) {
        Core::check(&self.core, if_alive);
    }

    /// Asks again at once who is signed in, after it could not be asked. It is asked again by itself now and then.
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
        // What the browser remembers needs no answer from the server: nothing of theirs is shown a moment longer.
        // Records that were cleared say nothing about it.
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
                // Nobody knows; whoever needs the server will find out.
                Err(_) => {}
            }
            if storage::was_cleared() {
                core.remember(user);
            }
        });
    }

    /// The page comes back as it was, after another has taken its place.
    fn come_back(core: &Rc<Self>) {
        if !core.is_away.replace(false) {
            return;
        }
        if matches!(&*core.session.borrow(), Session::Restoring) {
            // What the server answers to the question of before is an answer of before.
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
        // Another tab may have remembered somebody else by now.
        if storage::was_cleared() || storage::remembered_user() == Some(user.to_string()) {
            storage::remember_user(None);
        }
        let server_knows = farewell == Farewell::Expired;
        core.set(Session::SignedOut(Some(farewell)));
        if !server_knows {
            // Whoever loads the page before the server could be told must not be taken for signed in.
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

    /// Ends the session on the server. Returns whether it is ended.
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

    /// Who the server says is signed in.
    async fn ask(&self) -> Result<User, ApiError> {
        match self.api.current_user().await {
            // Not every server can be asked this, but every one can be asked for the person who was there before.
            Err(error) if matches!(error.kind(), Kind::Invalid(_) | Kind::NotFound | Kind::Forbidden) => {
                let remembered = storage::remembered_user().and_then(|id| id.parse::<UserId>().ok());
                let Some(id) = remembered else {
                    return Err(Kind::Unauthorized.into());
                };
                self.api.user(id).await.map_err(|error| match error.kind() {
                    // Whoever is signed in is somebody else.
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
            // Unless another tab has signed in or out meanwhile: then it is an answer of before.
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

    /// It could not be asked who is signed in: it is asked again after a while, and when there is a network again.
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

    /// Asks again if it is not known who is signed in. What is shown stays until there is an answer.
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

/// Keeps a cleanup registered.
#[must_use = "a cleanup whose guard is dropped does not run"]
pub struct CleanupGuard(#[expect(dead_code, reason = "held so that it lives")] Rc<Cleanup>);

impl std::fmt::Debug for CleanupGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CleanupGuard(..)")
    }
}
