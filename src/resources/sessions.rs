//! Coaching sessions.

use std::rc::Rc;

use chrono::{Datelike as _, NaiveDate};
use serde::{Serialize, Serializer};
use wire::json::{FromFields, Object, Unreadable, read};
use wire::{CoachingSession, CoachingSessionId, NewCoachingSession, SessionTitle, UserId};

use super::{Reading, read_list};
use crate::api::{Api, ApiError, Rows, read_one};
use crate::query::{Edits, Key, List, Mutation, Options, Query};

/// The sessions of a person between two days, in order. No event announces that one was planned or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UserSessions {
    /// Whose.
    pub user: UserId,
    /// From this day on.
    #[serde(serialize_with = "write_day")]
    pub from: NaiveDate,
    /// Until this day.
    #[serde(serialize_with = "write_day")]
    pub to: NaiveDate,
}

impl FromFields for UserSessions {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            user: fields.take("user")?,
            from: read_day(fields.take("from")?).ok_or(Unreadable)?,
            to: read_day(fields.take("to")?).ok_or(Unreadable)?,
        })
    }
}

impl Query for UserSessions {
    type Backend = Api;
    type Data = List<CoachingSession>;
    type Memo = Rows<CoachingSession>;

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

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.sessions(self.user, self.from, self.to).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<CoachingSession>>) -> Reading<CoachingSession> {
        read_list(body, last)
    }

    fn body(rows: &Rows<CoachingSession>) -> Option<&[u8]> {
        Some(rows.body())
    }
}

/// One session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionById(pub CoachingSessionId);

impl Query for SessionById {
    type Backend = Api;
    type Data = CoachingSession;
    type Memo = Vec<u8>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("coaching_sessions")
            .segment(self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.session(self.0).await
    }

    fn read(body: Vec<u8>, _: Option<&Vec<u8>>) -> Result<(Rc<CoachingSession>, Vec<u8>), ApiError> {
        Ok((Rc::new(read_one(&body)?), body))
    }

    fn body(body: &Vec<u8>) -> Option<&[u8]> {
        Some(body)
    }
}

/// Plans a session; it appears in the list once the server has given it an id.
#[derive(Clone, Debug, Serialize)]
pub struct PlanSession(pub UserSessions, pub NewCoachingSession);

impl Mutation for PlanSession {
    type Backend = Api;
    type Output = CoachingSession;

    const NAME: &'static str = "plan_session";
    const ATTEMPT: &'static str = "plan the session";

    fn read(content: &[u8]) -> Option<Self> {
        let (list, new) = read(content).ok()?;
        Some(Self(list, new))
    }

    fn edits(&self) -> Edits<CoachingSession> {
        Edits::default().edit(&self.0, Clone::clone, |created: &CoachingSession| {
            let created = Rc::new(created.clone());
            move |sessions: &List<CoachingSession>| sessions.with(&created).sorted_by_key(|session| session.date)
        })
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<CoachingSession, ApiError> {
        api.with_key(key).create_session(&self.1).await
    }
}

/// Gives a session a title, or takes it away.
#[derive(Clone, Debug, Serialize)]
pub struct RenameSession(pub CoachingSessionId, pub Option<String>);

impl Mutation for RenameSession {
    type Backend = Api;
    type Output = CoachingSession;

    const NAME: &'static str = "rename_session";
    const ATTEMPT: &'static str = "rename the session";

    fn read(content: &[u8]) -> Option<Self> {
        let (session, title) = read(content).ok()?;
        Some(Self(session, title))
    }

    fn edits(&self) -> Edits<CoachingSession> {
        let title = self.1.clone();
        Edits::default().in_lane(self.0.as_u128()).edit(
            &SessionById(self.0),
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

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<CoachingSession, ApiError> {
        api.with_key(key)
            .rename_session(self.0, &SessionTitle { title: self.1 })
            .await
    }
}

/// Days are numbers where they are written down, which every day there is has.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn write_day<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32(day.num_days_from_ce())
}

fn read_day(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use wire::CoachingRelationshipId;

    use super::*;

    #[test]
    fn a_plan_that_was_written_down_is_read_back() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let planned = UserSessions {
            user: UserId::from_u128(7),
            from: day,
            to: NaiveDate::MAX,
        };
        let new = NewCoachingSession {
            coaching_relationship_id: CoachingRelationshipId::from_u128(8),
            date: day.and_hms_opt(9, 30, 0).unwrap(),
            duration_minutes: None,
            title: Some("“Quoted”".to_owned()),
            meeting_url: None,
            provider: None,
        };
        let text = serde_json::to_string(&PlanSession(planned, new.clone())).unwrap();
        let PlanSession(again, new_again) = Mutation::read(text.as_bytes()).unwrap();
        assert_eq!((again, new_again), (planned, new));
    }
}
