//! The rows that the server stores, and the reads of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wire::{Action, Agreement, CoachingSession, Deletion, Goal, GoalId, SessionGoal};

use super::history::History;
use super::people::{self, SESSIONS, moment, pair_of, pair_of_session};
use super::show::Show;
use super::stock::Stock;

/// The stored rows. Lists are in the order in which they are read: oldest first.
pub(super) struct Stored {
    pub(super) actions: Vec<Slot<Action>>,
    pub(super) agreements: Vec<Slot<Agreement>>,
    pub(super) goals: Vec<Slot<Goal>>,
    pub(super) sessions: Vec<Slot<CoachingSession>>,
    pub(super) links: Vec<SessionGoal>,
    /// Whether rows are sent with their versions.
    pub(super) has_versions: bool,
    /// The number of changes. It serves as the clock: of two forms of a row, the one with the higher number is newer.
    pub(super) changes: u64,
    /// The history of all fields.
    pub(super) history: History,
    /// The last read of each list, since most lists are read more than once.
    read: RefCell<BTreeMap<(Show, usize), Read>>,
}

/// A row with the server's data about it.
pub(super) struct Slot<T> {
    pub(super) row: T,
    pub(super) version: u64,
    pub(super) deleted: Option<Deletion>,
    /// The row as JSON.
    json: String,
}

impl<T: Stock> Slot<T> {
    pub(super) fn new(row: T, version: u64) -> Self {
        Self {
            json: serde_json::to_string(&row).unwrap(),
            row,
            version,
            deleted: None,
        }
    }
}

/// The number of changes at the time of a read, and its bytes.
type Read = (u64, Rc<[u8]>);

impl Stored {
    pub(super) fn new(has_versions: bool) -> Self {
        let mut stored = Self {
            actions: Vec::new(),
            agreements: Vec::new(),
            goals: Vec::new(),
            sessions: Vec::new(),
            links: Vec::new(),
            has_versions,
            changes: 0,
            history: History::default(),
            read: RefCell::default(),
        };
        for at in 0..SESSIONS {
            stored.insert(session(at), None);
        }
        stored
    }

    /// Returns the answer to a read.
    pub(super) fn body(&self, show: Show, reader: usize) -> Rc<[u8]> {
        let mut read = self.read.borrow_mut();
        match read.get(&(show, reader)) {
            Some((changes, body)) if *changes == self.changes => Rc::clone(body),
            before => {
                let fresh = self.written(show, reader);
                // An unchanged answer stays the same allocation.
                let body = before.map(|(_, body)| body).filter(|body| ***body == *fresh);
                let body = body.map_or_else(|| Rc::from(fresh), Rc::clone);
                read.insert((show, reader), (self.changes, Rc::clone(&body)));
                body
            }
        }
    }

    fn written(&self, show: Show, reader: usize) -> Vec<u8> {
        fn list<T: Stock>(stored: &Stored, is_in: impl Fn(&T) -> bool) -> Vec<u8> {
            let slots = T::slots(stored)
                .iter()
                .filter(|slot| slot.deleted.is_none() && is_in(&slot.row));
            let rows: Vec<&str> = slots.map(|slot| slot.json.as_str()).collect();
            [r#"{"status_code":200,"data":["#, &rows.join(","), "]}"]
                .concat()
                .into_bytes()
        }
        match show {
            Show::Actions(at) => list(self, |row: &Action| row.coaching_session_id == people::session(at)),
            Show::UserActions(user) => list(self, |row: &Action| row.pair() == pair_of(user)),
            Show::Agreements(at) => list(self, |row: &Agreement| row.coaching_session_id == people::session(at)),
            Show::Goals(pair) => list(self, |goal: &Goal| goal.pair() == pair),
            Show::SessionGoals(at) => list(self, |goal: &Goal| self.link(at, goal.id).is_some()),
            Show::Session(at) => {
                let mark = format!(r#""provider":"{}""#, reader_mark(reader));
                let data = self.sessions[at].json.replace(r#""provider":null"#, &mark);
                [r#"{"status_code":200,"data":"#, &data, "}"].concat().into_bytes()
            }
        }
    }

    /// Returns the rows that are not deleted.
    pub(super) fn living<T: Stock>(&self) -> impl Iterator<Item = &T> {
        let living = T::slots(self).iter().filter(|slot| slot.deleted.is_none());
        living.map(|slot| &slot.row)
    }

    pub(super) fn goals_of(&self, pair: usize) -> impl Iterator<Item = &Goal> {
        self.living::<Goal>().filter(move |goal| goal.pair() == pair)
    }

    pub(super) fn link(&self, session: usize, goal: GoalId) -> Option<&SessionGoal> {
        let id = people::session(session);
        let mut links = self.links.iter();
        links.find(|link| link.coaching_session_id == id && link.goal_id == goal)
    }
}

fn session(at: usize) -> CoachingSession {
    CoachingSession {
        id: people::session(at),
        coaching_relationship_id: people::relationship(pair_of_session(at)),
        date: moment(0).naive_utc(),
        duration_minutes: 60,
        title: None,
        display_title: None,
        meeting_url: None,
        provider: None,
        ical_sequence: 0,
        created_at: moment(0),
        updated_at: moment(0),
        hydrated_at: None,
        version: None,
    }
}

/// Returns the mark of the person who has read a coaching session.
pub(super) fn reader_mark(reader: usize) -> String {
    format!("read by {reader}")
}
