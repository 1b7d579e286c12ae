//! Coaching sessions.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{CoachingSession, CoachingSessionId, NewCoachingSession, SessionTitle, UserId};
use yew::prelude::*;

use super::list::{self, List};
use crate::api::{Api, ApiError};
use crate::query::{Edits, Key, Options, Query, UseMutation, use_mutation};

/// The sessions of a person between two days, in order. No event announces that one was planned or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserSessions {
    /// Whose.
    pub user: UserId,
    /// From this day on.
    pub from: NaiveDate,
    /// Until this day.
    pub to: NaiveDate,
}

impl Query for UserSessions {
    type Backend = Api;
    type Data = List<CoachingSession>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("users")
            .segment(self.user.as_u128())
            .segment("coaching_sessions")
            .param("from_date", self.from.to_string())
            .param("to_date", self.to.to_string())
            .build()
    }

    fn options(&self) -> Options {
        Options::unannounced()
    }

    async fn fetch(self, api: Api) -> Result<List<CoachingSession>, ApiError> {
        api.sessions(self.user, self.from, self.to).await
    }

    fn share(previous: &List<CoachingSession>, fresh: List<CoachingSession>) -> List<CoachingSession> {
        list::share(previous, fresh)
    }
}

/// One session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionById(pub CoachingSessionId);

impl Query for SessionById {
    type Backend = Api;
    type Data = CoachingSession;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("coaching_sessions")
            .segment(self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<CoachingSession, ApiError> {
        api.session(self.0).await
    }
}

/// Plans a session; it appears in `planned` once the server has given it an id.
#[hook]
pub fn use_plan_session(planned: UserSessions) -> UseMutation<Api, NewCoachingSession, CoachingSession> {
    use_mutation("plan the session", planned, creation, |_, api: Api, new| async move {
        api.create_session(&new).await
    })
}

fn creation(planned: &UserSessions, _: &NewCoachingSession) -> Edits<CoachingSession> {
    Edits::default().edit(planned, Clone::clone, |created: &CoachingSession| {
        let created = Rc::new(created.clone());
        move |sessions: &List<CoachingSession>| {
            let mut sessions = list::with(sessions, &created);
            sessions.sort_by_key(|session| session.date);
            sessions
        }
    })
}

/// Which session, and what to call it; `None` takes the title away.
type Renaming = (CoachingSessionId, Option<String>);

/// Gives a session a title, or takes it away.
#[hook]
pub fn use_rename_session() -> UseMutation<Api, Renaming, CoachingSession> {
    use_mutation(
        "rename the session",
        (),
        renaming,
        |(), api: Api, (id, title)| async move { api.rename_session(id, &SessionTitle { title }).await },
    )
}

fn renaming((): &(), (id, title): &Renaming) -> Edits<CoachingSession> {
    let title = title.clone();
    Edits::default().edit(
        &SessionById(*id),
        move |session| CoachingSession {
            title: title.clone(),
            ..session.clone()
        },
        |saved: &CoachingSession| {
            let saved = saved.clone();
            move |_: &CoachingSession| saved.clone()
        },
    )
}
