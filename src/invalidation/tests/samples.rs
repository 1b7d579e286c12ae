//! One sample of each query of the app, with the ids of the golden events.

use super::{R, S, U};
use crate::query::{Key, Options, PagedQuery, Query};
use crate::resources::{
    RelationshipGoals, RowHistory, SessionActions, SessionAgreements, SessionById, SessionGoals, UserActions,
    UserRelationships, UserSessions,
};

/// A query of the app with the ids of the golden events.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) key: Key,
    pub(super) options: Options,
}

impl Sample {
    fn of<Q: Query>(query: &Q) -> Self {
        Self::named::<Q>(query.key(), query.options())
    }

    fn of_pages<Q: PagedQuery>(query: &Q) -> Self {
        Self::named::<Q>(query.key(), query.options())
    }

    fn named<Q>(key: Key, options: Options) -> Self {
        let name = std::any::type_name::<Q>().rsplit("::").next().unwrap();
        Self { name, key, options }
    }
}

/// Returns one sample of each query of the app.
pub(super) fn samples() -> Vec<Sample> {
    let (session, relationship, user) = (S.parse().unwrap(), R.parse().unwrap(), U.parse().unwrap());
    let day = chrono::NaiveDate::default();
    vec![
        Sample::of(&SessionActions(session)),
        Sample::of(&UserActions(user)),
        Sample::of(&SessionAgreements(session)),
        Sample::of(&RelationshipGoals(relationship)),
        Sample::of(&SessionGoals(session)),
        Sample::of_pages(&RowHistory {
            collection: "actions",
            id: uuid::Uuid::nil(),
        }),
        Sample::of(&UserRelationships(user)),
        Sample::of(&UserSessions {
            user,
            from: day,
            to: day,
        }),
        Sample::of(&SessionById(session)),
    ]
}
