//! The queries of the app that a page can show, and the parsing of their answers.

use intent::Row;
use wire::{Action, Agreement, CoachingSession, Goal};

use super::people::{self, pair_of, pair_of_session};
use crate::api::{ApiError, Rows};
use crate::query::{Item, Key, List, Options, Query, Value};
use crate::resources::{
    Holds as _, Record, RelationshipGoals, SessionActions, SessionAgreements, SessionById, SessionGoals, UserActions,
};

/// The data that a component shows. The number is that of the coaching session, the pair or the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Show {
    Actions(usize),
    Agreements(usize),
    Goals(usize),
    SessionGoals(usize),
    UserActions(usize),
    Session(usize),
}

/// The last read of an entry, so that only changed rows of the next answer are parsed.
#[derive(Default)]
pub(super) enum Memo {
    #[default]
    None,
    Actions(Rows<Action>),
    Agreements(Rows<Agreement>),
    Goals(Rows<Goal>),
}

macro_rules! with_query {
    ($show:expr, $query:ident => $then:expr) => {
        match $show {
            Show::Actions(at) => {
                let $query = SessionActions(people::session(at));
                $then
            }
            Show::Agreements(at) => {
                let $query = SessionAgreements(people::session(at));
                $then
            }
            Show::Goals(at) => {
                let $query = RelationshipGoals(people::relationship(at));
                $then
            }
            Show::SessionGoals(at) => {
                let $query = SessionGoals(people::session(at));
                $then
            }
            Show::UserActions(at) => {
                let $query = UserActions(people::user(at));
                $then
            }
            Show::Session(at) => {
                let $query = SessionById(people::session(at));
                $then
            }
        }
    };
}

/// Parses a list against the last one, as the source of an entry does.
macro_rules! read_rows {
    ($query:ty, $kind:ident, $body:expr, $memo:expr) => {{
        let last = match &*$memo {
            Memo::$kind(rows) => Some(rows),
            _ => None,
        };
        let (data, next) = <$query>::read($body, last)?;
        *$memo = Memo::$kind(next);
        Value::from_rc(data)
    }};
}

impl Show {
    /// Lists the data that a person can show.
    pub(super) fn of(person: usize) -> Vec<Self> {
        let pair = pair_of(person);
        let mut shows = vec![Self::Goals(pair), Self::UserActions(person)];
        for session in people::sessions_of(pair) {
            shows.extend([
                Self::Actions(session),
                Self::Agreements(session),
                Self::SessionGoals(session),
                Self::Session(session),
            ]);
        }
        shows
    }

    pub(super) const fn is_allowed_for(self, person: usize) -> bool {
        match self {
            Self::Actions(session)
            | Self::Agreements(session)
            | Self::SessionGoals(session)
            | Self::Session(session) => pair_of_session(session) == pair_of(person),
            Self::Goals(pair) => pair == pair_of(person),
            Self::UserActions(user) => user == person,
        }
    }

    pub(super) fn key(self) -> Key {
        with_query!(self, query => query.key())
    }

    pub(super) fn options(self) -> Options {
        with_query!(self, query => query.options())
    }

    /// Parses an answer against the last one.
    pub(super) fn read(self, body: Vec<u8>, memo: &mut Memo) -> Result<Value, ApiError> {
        Ok(match self {
            Self::Actions(_) => read_rows!(SessionActions, Actions, body, memo),
            Self::UserActions(_) => read_rows!(UserActions, Actions, body, memo),
            Self::Agreements(_) => read_rows!(SessionAgreements, Agreements, body, memo),
            Self::Goals(_) => read_rows!(RelationshipGoals, Goals, body, memo),
            Self::SessionGoals(_) => read_rows!(SessionGoals, Goals, body, memo),
            Self::Session(_) => Value::from_rc(SessionById::read(body, None)?.0),
        })
    }
}

/// Returns the ids of a value's rows, and the version of each row that has one.
pub(super) fn versions(value: &Value) -> Vec<(u128, Option<u64>)> {
    fn of<T: Item>(list: &List<T>) -> Vec<(u128, Option<u64>)> {
        list.iter().map(|row| (row.id(), row.version())).collect()
    }
    let actions = || actions(value).map(|list| of(&list));
    let agreements = || agreements(value).map(|list| of(&list));
    let goals = || goals(value).map(|list| of(&list));
    let session = || {
        let session = value.get::<CoachingSession>()?;
        Some(vec![(session.id(), session.version)])
    };
    actions()
        .or_else(agreements)
        .or_else(goals)
        .or_else(session)
        .unwrap_or_default()
}

/// Whether a value contains this row.
pub(super) fn has(value: &Value, id: u128) -> bool {
    fn of<T: Item>(list: Option<std::rc::Rc<List<T>>>, id: u128) -> bool {
        list.is_some_and(|list| list.find(id).is_some())
    }
    of(actions(value), id)
        || of(agreements(value), id)
        || of(goals(value), id)
        || value.get::<CoachingSession>().is_some()
}

/// Returns the fields of a row that people edit, if a value contains the row.
pub(super) fn fields(value: &Value, id: u128) -> Option<Row> {
    fn of<T: Record>(value: &Value, id: u128) -> Option<Row> {
        let data = value.get::<<T::Home as Query>::Data>()?;
        Some(data.row(id)?.fields())
    }
    of::<Action>(value, id)
        .or_else(|| of::<Agreement>(value, id))
        .or_else(|| of::<Goal>(value, id))
        .or_else(|| of::<CoachingSession>(value, id))
}

/// Returns the actions of a value, if it is a list of actions.
pub(super) fn actions(value: &Value) -> Option<std::rc::Rc<List<Action>>> {
    value.get()
}

pub(super) fn agreements(value: &Value) -> Option<std::rc::Rc<List<Agreement>>> {
    value.get()
}

pub(super) fn goals(value: &Value) -> Option<std::rc::Rc<List<Goal>>> {
    value.get()
}
