//! The state that outlives a tab: unsettled mutations and unresolved changes. Like `query::client::keep`, with a model
//! of the disk.

use std::rc::Rc;

use wire::{Action, Agreement, CoachingSession, Goal};

use super::change::{self, Changing};
use super::exchanges::key_of;
use super::ledger::{Fate, Made, Wish};
use super::network::Act;
use super::profile::Profile;
use super::tab::{Tab, TabId};
use super::world::World;
use crate::draft::MARK;
use crate::query::{AnyMutation, MutationId, Written};
use crate::resources::{self, Delete, Update};
use crate::unresolved::{Problem, Unresolved};
use intent::{Changes, FieldConflict};

/// A persisted mutation.
pub(super) struct Kept {
    owner: usize,
    /// The visit that has persisted it.
    visit: u64,
    name: &'static str,
    content: String,
    key: Rc<str>,
    is_uncertain: bool,
}

/// The maximum time until persisted mutations are hydrated, in milliseconds.
const SLOWEST_DISK: u64 = 800;

impl World {
    pub(super) fn write_down(&mut self, t: TabId, id: MutationId) {
        let number = self.number();
        let tab = &mut self.tabs[t];
        let (Some(visit), Some(sending)) = (tab.visit, tab.outbox.get(id)) else {
            return;
        };
        let place = sending.place.clone().unwrap_or_else(|| number.to_string());
        let kept = Kept {
            owner: tab.person,
            visit,
            name: sending.mutation.name(),
            content: sending.mutation.content().unwrap(),
            key: Rc::clone(&sending.key),
            is_uncertain: sending.is_uncertain(&tab.api),
        };
        self.profiles[tab.profile].kept.insert(place.parse().unwrap(), kept);
        tab.outbox.note_place(id, place);
    }

    pub(super) fn strike_out(&mut self, t: TabId, place: &str) {
        let profile = self.tabs[t].profile;
        let place: u64 = place.parse().unwrap();
        // After the sign-out, persisted mutations no longer belong to this tab.
        if self.tabs[t].visit.is_some() {
            self.profiles[profile].kept.remove(&place);
        }
    }

    /// Looks for mutations of earlier visits, after a person has signed in.
    pub(super) fn look_for_kept(&mut self, t: TabId) {
        let (now, visit) = (self.instant(t), self.number());
        self.tabs[t].visit = Some(visit);
        let profile = self.tabs[t].profile;
        if !self.profiles[profile].kept.is_empty() {
            self.tabs[t].cache.set_recalling(now, true);
            let delay = self.rng.u64(..SLOWEST_DISK);
            self.at(delay, Act::TakeUp { tab: t, visit });
        }
    }

    /// Takes up the mutations of visits that have ended. Deletes the mutations of other people.
    pub(super) fn take_up(&mut self, t: TabId, visit: u64) {
        if self.tabs[t].visit != Some(visit) {
            return;
        }
        let (now, profile, person) = (self.instant(t), self.tabs[t].profile, self.tabs[t].person);
        let alive: Vec<u64> = self
            .tabs_of(profile)
            .iter()
            .filter_map(|t| self.tabs[*t].visit)
            .collect();
        let mut left = Vec::new();
        self.profiles[profile].kept.retain(|place, kept| {
            let is_left = kept.owner == person && !alive.contains(&kept.visit);
            if is_left {
                kept.visit = visit;
                left.push(*place);
            }
            kept.owner == person
        });
        self.ledger.discard(profile, |owner| owner != person);
        for place in left {
            let Some(kept) = self.profiles[profile].kept.get(&place) else {
                continue;
            };
            let key = Rc::clone(&kept.key);
            let written = Written {
                mutation: resources::kinds().read(kept.name, kept.content.as_bytes()).unwrap(),
                key: Rc::clone(&key),
                attempted: kept.is_uncertain,
                place: Some(place.to_string()),
            };
            self.note(|| format!("tab {t} takes up {key}: {:?}", written.mutation));
            self.tally.deeds.taken_up += 1;
            let tab = &mut self.tabs[t];
            let chores = tab.outbox.take_up(&mut tab.cache, now, &tab.api, written);
            self.do_chores(t, chores);
            // A mutation that is not sent is uncertain, or was absorbed by one that is uncertain.
            let mut sendings = self.tabs[t].outbox.iter();
            let is_sent = sendings.any(|(_, sending)| sending.key == key);
            if let (Some(key), false) = (key_of(&key), is_sent) {
                self.tally.deeds.uncertain += 1;
                self.ledger.set_fate(key, Fate::Unresolved);
            }
        }
        self.tabs[t].cache.set_recalling(now, false);
    }

    /// Ends the visit of a person. A sign-out on purpose deletes the persisted state; otherwise it remains for the next
    /// visit.
    pub(super) fn leave_kept(&mut self, t: TabId, is_meant: bool) {
        self.tabs[t].outbox.drain();
        self.tabs[t].visit = None;
        self.tabs[t].undo.clear();
        if is_meant {
            let (profile, person) = (self.tabs[t].profile, self.tabs[t].person);
            self.profiles[profile].kept.clear();
            self.profiles[profile].unresolved.retain(|(owner, _)| *owner != person);
            self.ledger.discard(profile, |_| true);
        }
    }

    /// Whether an unsettled mutation may go on waiting: a tab that hangs has it, or its person is not signed in at the
    /// browser.
    pub(super) fn can_wait(&self, key: u64) -> bool {
        let is_in = |profile: &Profile| profile.kept.values().any(|kept| key_of(&kept.key) == Some(key));
        let has = |tab: &Tab| tab.outbox.iter().any(|(_, sending)| key_of(&sending.key) == Some(key));
        let mut hung = self.tabs.iter().filter(|tab| tab.is_hung && !tab.is_dead);
        let is_away = |kept: &Kept, at: usize| {
            let tabs = self.tabs_of(at).into_iter().filter(|t| self.tabs[*t].runs());
            let users = tabs.filter_map(|t| self.tabs[t].user());
            key_of(&kept.key) == Some(key) && !users.collect::<Vec<_>>().contains(&kept.owner)
        };
        let mut profiles = self.profiles.iter().enumerate();
        hung.any(has)
            || profiles.any(|(at, profile)| is_in(profile) && profile.kept.values().any(|kept| is_away(kept, at)))
    }

    /// Opens a tab in each browser that has persisted mutations of the person who is signed in there.
    pub(super) fn find_kept(&mut self) {
        for profile in 0..self.profiles.len() {
            let remembered = self.profiles[profile].remembered;
            let mut kept = self.profiles[profile].kept.values();
            if kept.any(|kept| Some(kept.owner) == remembered) {
                self.open_tab(profile);
            }
        }
    }

    /// Persists an unresolved change of a person. Two unresolved changes of one row may be merged.
    pub(super) fn keep_leftover(&mut self, t: TabId, leftover: &Rc<Unresolved>) {
        let (profile, person) = (self.tabs[t].profile, self.tabs[t].person);
        self.note(|| format!("tab {t}: left over {leftover:?}"));
        let records = &mut self.profiles[profile].unresolved;
        let mut own = records.iter_mut().filter(|(owner, _)| *owner == person);
        let absorbed = own.find_map(|(_, record)| Some((record.absorb(leftover)?, record)));
        match absorbed {
            Some((both, record)) => {
                let fields = |record: &Unresolved| match &record.problem {
                    Problem::BothChanged { fields } => fields.clone(),
                    _ => Vec::new(),
                };
                let has = |fields: &[FieldConflict], name: &str| fields.iter().any(|each| each.field == name);
                let (before, later, now) = (fields(record), fields(leftover), fields(&both));
                let is_whole =
                    before.iter().all(|each| has(&now, &each.field)) && later.iter().all(|each| now.contains(each));
                *record = both;
                if !is_whole {
                    self.fail("a conflict has vanished in another one");
                }
            }
            None => records.push((person, (**leftover).clone())),
        }
    }

    /// Has a person decide on an unresolved change. Returns whether there was one.
    pub(super) fn resolve(&mut self, t: TabId) -> bool {
        let (profile, Some(person)) = (self.tabs[t].profile, self.tabs[t].user()) else {
            return false;
        };
        let records = &self.profiles[profile].unresolved;
        let own = records.iter().enumerate().filter(|(_, (owner, _))| *owner == person);
        let Some(at) = self.rng.choice(own.map(|(at, _)| at).collect::<Vec<_>>()) else {
            return false;
        };
        let (_, record) = self.profiles[profile].unresolved.remove(at);
        // The person accepts the other person's value, or the deletion.
        if self.rng.u8(..3) == 0 {
            return true;
        }
        let made = match record.collection.as_str() {
            "actions" => self.insist::<Action>(&record),
            "agreements" => self.insist::<Agreement>(&record),
            "goals" => self.insist::<Goal>(&record),
            _ => self.insist::<CoachingSession>(&record),
        };
        if let Some(made) = made {
            self.tally.deeds.insisted += 1;
            self.mutate(t, &made);
            self.settle(t);
        }
        true
    }

    /// Makes the change again, although the person has seen the other person's change.
    fn insist<T: Changing>(&mut self, record: &Unresolved) -> Option<Made> {
        let now = record.now.clone().and_then(T::from_row);
        match &record.problem {
            Problem::BothChanged { fields } => {
                let seen = now?;
                let changes: Changes = fields.iter().map(FieldConflict::overwrite).collect();
                let wish = fields
                    .iter()
                    .map(|each| (each.field.clone(), each.theirs.clone(), each.mine.clone()));
                Some(Made {
                    row: seen.id(),
                    wish: Wish::Update(wish.collect(), seen.fields()),
                    mutation: AnyMutation::new(Update { seen, changes }),
                })
            }
            Problem::ChangedThere => {
                let seen = now?;
                Some(Made {
                    row: seen.id(),
                    wish: Wish::Delete(seen.fields()),
                    mutation: AnyMutation::new(Delete::of(seen)),
                })
            }
            Problem::DeletedThere | Problem::Refused { .. } | Problem::Uncertain => {
                let wanted: T = record.wanted()?;
                let id = MARK << 64 | u128::from(self.number());
                (T::COLLECTION != "coaching_sessions").then(|| {
                    let created_at = super::people::moment(0);
                    change::create(wanted.with_id(id, created_at))
                })
            }
        }
    }
}
