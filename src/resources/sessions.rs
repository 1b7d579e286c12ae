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

/// What can be done to sessions.
#[derive(Clone, Debug)]
pub struct SessionMutations {
    /// Plans one.
    pub create: UseMutation<Api, NewCoachingSession, CoachingSession>,
    /// Gives one a title.
    pub rename: UseMutation<Api, (CoachingSessionId, Option<String>), CoachingSession>,
}

/// What can be done to sessions. A new one appears in `planned`.
#[hook]
pub fn use_session_mutations(planned: Option<UserSessions>) -> SessionMutations {
    SessionMutations {
        create: use_mutation(
            "plan the session",
            move |_: &NewCoachingSession| match planned {
                Some(query) => Edits::default().edit(&query, Clone::clone, |created: &CoachingSession| {
                    let created = Rc::new(created.clone());
                    move |sessions: &List<CoachingSession>| {
                        let mut sessions = list::with(sessions, &created);
                        sessions.sort_by_key(|session| session.date);
                        sessions
                    }
                }),
                None => Edits::default(),
            },
            |api: Api, new| async move { api.create_session(&new).await },
        ),
        rename: use_mutation(
            "rename the session",
            |(id, title): &(CoachingSessionId, Option<String>)| {
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
            },
            |api: Api, (id, title)| async move { api.rename_session(id, &SessionTitle { title }).await },
        ),
    }
}
