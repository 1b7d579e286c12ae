//! Coaching sessions.

use std::rc::Rc;

use chrono::{Days, NaiveDate};
use intent::Changes;
use serde::{Deserialize, Serialize};
use wire::{CoachingSession, CoachingSessionId, NewCoachingSession, SessionPatch, SessionTitle, Timestamp, UserId};

use super::additions::{addition, not_added};
use super::record::{Holds, Names, Record, RowChange};
use super::{Reading, read_list};
use crate::api::{Api, ApiError, Rows, Written, read_one};
use crate::draft::{draft_id, is_draft};
use crate::invalidation;
use crate::query::{Edits, Item as _, Key, List, Mutation, Options, Patch, Query, Selector, SendContext, is_newer};
use crate::unresolved::{Problem, Unresolved};

/// The coaching sessions of a person between two days, in order. No event announces that one was planned or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSessions {
    /// The person.
    pub user: UserId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// The number of days for which a past coaching session is recent.
const RECENT_DAYS: u64 = 30;

/// The first and the last year of the coaching sessions that are listed: the limits of the wire format.
const YEARS: (i32, i32) = (1, 9999);

impl UserSessions {
    /// Returns the recent coaching sessions of a person, and all planned ones.
    #[must_use]
    pub fn recent(user: UserId, today: NaiveDate) -> Self {
        Self {
            user,
            from: recent_since(today),
            to: NaiveDate::from_ymd_opt(YEARS.1, 12, 31).unwrap_or(today),
        }
    }

    /// Returns the coaching sessions of a person before the recent ones.
    #[must_use]
    pub fn earlier(user: UserId, today: NaiveDate) -> Self {
        let to = recent_since(today);
        Self {
            user,
            from: NaiveDate::from_ymd_opt(YEARS.0, 1, 1).unwrap_or(to),
            to: to.pred_opt().unwrap_or(to),
        }
    }
}

fn recent_since(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(RECENT_DAYS)).unwrap_or(today)
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

/// One coaching session.
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

/// Plans a coaching session. It appears in the list once the server has assigned its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanSession(pub UserSessions, pub NewCoachingSession);

impl PlanSession {
    /// Returns the coaching session with a temporary id. A duration of zero stands for the server's default.
    #[must_use]
    pub fn draft(&self) -> CoachingSession {
        let (not_known_yet, new) = (Timestamp::default(), self.1.clone());
        CoachingSession {
            id: CoachingSessionId::from_u128(draft_id()),
            coaching_relationship_id: new.coaching_relationship_id,
            date: new.date,
            duration_minutes: new.duration_minutes.unwrap_or_default(),
            title: new.title,
            display_title: None,
            meeting_url: new.meeting_url,
            provider: new.provider,
            ical_sequence: 0,
            created_at: not_known_yet,
            updated_at: not_known_yet,
            hydrated_at: None,
            version: None,
        }
    }

    /// Returns the coaching session that was not planned, with a temporary id, if the unresolved change is that of a
    /// plan.
    #[must_use]
    pub fn left_over(unresolved: &Unresolved) -> Option<CoachingSession> {
        let session = unresolved.wanted().filter(is_draft);
        session.filter(|_| unresolved.collection == CoachingSession::COLLECTION)
    }

    /// Returns the request that plans this coaching session, which has a temporary id.
    #[must_use]
    pub fn new_of(draft: &CoachingSession) -> NewCoachingSession {
        NewCoachingSession {
            duration_minutes: Some(draft.duration_minutes).filter(|minutes| *minutes > 0),
            ..draft.to_new()
        }
    }
}

impl Mutation for PlanSession {
    type Backend = Api;
    type Output = CoachingSession;

    const NAME: &'static str = "plan_session";
    const ATTEMPT: &'static str = "plan the session";

    fn edits(&self) -> Edits<CoachingSession> {
        Edits::default().edit(&self.0, Clone::clone, |created: &CoachingSession| {
            let created = Rc::new(created.clone());
            move |sessions: &List<CoachingSession>| sessions.with_new_row(&created)
        })
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, context: SendContext) -> Result<CoachingSession, ApiError> {
        api.with_key(context.key).create_session(&self.1).await
    }

    fn leftover(&self, outcome: Result<&CoachingSession, &ApiError>) -> Option<Unresolved> {
        not_added(&self.draft(), &Changes::default(), outcome.err()?)
    }

    fn uncertain(&self) -> Option<Unresolved> {
        Some(addition(&self.draft(), &Changes::default(), Problem::Uncertain))
    }
}

impl Record for CoachingSession {
    const COLLECTION: &'static str = "coaching_sessions";
    const FIELDS: &'static [&'static str] = SessionPatch::FIELDS;
    const NAMES: Names = Names {
        noun: "session",
        create: "create_session",
        create_attempt: "add the session",
        update: "patch_session",
        update_attempt: "save the session",
        delete: "remove_session",
        delete_attempt: "delete the session",
        restore: "restore_session",
        restore_attempt: "bring the session back",
    };
    type Home = SessionById;
    type New = NewCoachingSession;

    fn home(&self) -> SessionById {
        SessionById(self.id)
    }

    fn elsewhere(&self) -> Option<Selector> {
        Some(invalidation::session_lists_of_people())
    }

    fn patch(change: RowChange<Self>) -> Patch {
        let again = change.clone();
        let of_one = Patch::new(move |session: &Self| change.apply(session));
        of_one.and(Patch::new(move |list: &List<Self>| again.apply(list)))
    }

    fn to_new(&self) -> NewCoachingSession {
        NewCoachingSession {
            coaching_relationship_id: self.coaching_relationship_id,
            date: self.date,
            duration_minutes: Some(self.duration_minutes),
            title: self.title.clone(),
            meeting_url: self.meeting_url.clone(),
            provider: self.provider.clone(),
        }
    }

    /// Writes a new title by its separate route. Any other change replaces the coaching session, which is then read
    /// again, because the server answers without content.
    async fn put(api: Api, now: Self, wanted: Self) -> Result<Written<Self>, ApiError> {
        let renamed = Self {
            title: wanted.title.clone(),
            ..now
        };
        if renamed == wanted {
            api.rename_session(wanted.id, &SessionTitle { title: wanted.title })
                .await
        } else {
            api.replace_session(&wanted).await
        }
    }
}

impl Holds<Self> for CoachingSession {
    fn row(&self, id: u128) -> Option<Rc<Self>> {
        (self.id.as_u128() == id).then(|| Rc::new(self.clone()))
    }

    fn with_row(&self, row: &Rc<Self>) -> Self {
        if is_newer(self, row) {
            self.clone()
        } else {
            (**row).clone()
        }
    }

    fn with_new_row(&self, row: &Rc<Self>) -> Self {
        self.with_row(row)
    }

    fn without_row(&self, _: u128) -> Self {
        self.clone()
    }
}

impl Holds<CoachingSession> for List<CoachingSession> {
    fn row(&self, id: u128) -> Option<Rc<CoachingSession>> {
        self.find(id).cloned()
    }

    /// Only lists have the name of a coaching session without a title, so the name is kept from the row in the list.
    fn with_row(&self, row: &Rc<CoachingSession>) -> Self {
        let like = self.find(row.id()).filter(|_| row.display_title.is_none());
        let named = like.map(|like| CoachingSession {
            display_title: like.display_title.clone(),
            ..CoachingSession::clone(row)
        });
        self.replaced(&named.map_or_else(|| Rc::clone(row), Rc::new))
    }

    fn with_new_row(&self, row: &Rc<CoachingSession>) -> Self {
        match self.find(row.id()) {
            Some(_) => self.with_row(row),
            None => self.with(row).sorted_by_key(|session| session.date),
        }
    }

    fn without_row(&self, id: u128) -> Self {
        self.without(id)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use wire::CoachingRelationshipId;

    use super::*;

    #[test]
    fn persisted_plan_is_read_back() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let planned = UserSessions {
            user: UserId::from_u128(7),
            from: day,
            to: day,
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
        let PlanSession(again, new_again) = serde_json::from_str(&text).unwrap();
        assert_eq!((again, new_again), (planned, new));
    }
}
