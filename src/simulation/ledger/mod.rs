//! The changes that people make, relative to the screen, and their outcomes.
//!
//! This module knows nothing of how changes are combined, merged or sent, since it checks exactly that.

mod undone;

use std::collections::BTreeMap;
use std::rc::Rc;

use intent::{FieldConflict, Row};
use serde_json::Value;

use super::history::History;
use super::tab::TabId;
use super::writes::Overwritten;
use crate::api::Api;
use crate::draft::MARK;
use crate::query::AnyMutation;
use crate::unresolved::{Problem, Unresolved};

/// A change of a row by a person, relative to the screen.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// The creation of a row with these fields.
    Create(Row),
    /// The update of fields: for each field the value on the screen and the wanted value; then all fields on the
    /// screen.
    Update(Vec<(String, Value, Value)>, Row),
    /// The deletion of a row with these fields on the screen.
    Delete(Row),
    Restore,
    /// The link of the goal to a coaching session, or its removal.
    Link(usize, bool),
}

/// A change that a person makes.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) mutation: AnyMutation<Api>,
    pub(super) row: u128,
    pub(super) wish: Wish,
}

/// The outcome of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Made,
    /// The change was not made, and the person was notified of the reason.
    Refused,
    /// The change is left for the person to decide on.
    Unresolved,
    /// The person has reversed the change before it was sent.
    TakenBack,
    /// The person has signed out on purpose, or another person has signed in.
    Discarded,
}

/// Changes that are sent as one.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) person: usize,
    pub(super) profile: usize,
    /// The tab in which the changes were made.
    tab: TabId,
    /// The number of the last server change when the story began. On a server without conditional writes, the number of
    /// the last change of the row that the tab knew of.
    begun: u64,
    row: u128,
    wishes: Vec<Wish>,
    pub(super) fate: Fate,
    /// Whether a tab considers the changes made, apart from the unresolved parts.
    is_answered: bool,
    /// The rows that the server has created for the story.
    created: Vec<u128>,
    /// The values that the server has written for the story.
    written: BTreeMap<String, Vec<Value>>,
}

/// The sum of all wishes of a story, in order.
#[derive(Debug, Default)]
struct Sum {
    /// The fields of the row to create.
    create: Option<Row>,
    /// For each field, the values that were seen, and the wanted value.
    fields: BTreeMap<String, (Vec<Value>, Value)>,
    /// The fields of the row to delete.
    delete: Option<Row>,
    restores: bool,
    link: Option<(usize, bool)>,
    /// The fields of all screens.
    screens: Vec<Row>,
    is_deleted_before_created: bool,
}

#[derive(Default)]
pub(super) struct Ledger {
    pub(super) stories: BTreeMap<u64, Story>,
    /// For each id that a person knew: the ids that the server has assigned to the row, each in place of the one
    /// before.
    real: BTreeMap<u128, Vec<u128>>,
}

type Check = Result<(), String>;

impl Story {
    fn has_created(&self) -> bool {
        self.fate == Fate::Made && matches!(self.wishes.first(), Some(Wish::Create(_)))
    }

    /// Whether each change of a field began with the value that the change before it had wanted. False after the undo
    /// of a change that a later one had replaced, and for a change on a screen that did not show the one before.
    fn is_steady(&self, field: &str) -> bool {
        let updates = self.wishes.iter().filter_map(|wish| match wish {
            Wish::Update(changes, _) => changes.iter().find(|(each, ..)| each == field),
            _ => None,
        });
        let updates: Vec<_> = updates.collect();
        updates.windows(2).all(|pair| pair[0].2 == pair[1].1)
    }

    /// Whether the story has wanted this value, and the server has written it for the story.
    fn has_made(&self, field: &str, value: &Value) -> bool {
        let is_wanted = |wish: &Wish| {
            let Wish::Update(changes, _) = wish else { return false };
            changes.iter().any(|(each, _, to)| each == field && to == value)
        };
        self.written.get(field).is_some_and(|written| written.contains(value)) && self.wishes.iter().any(is_wanted)
    }

    fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        for wish in &self.wishes {
            match wish {
                Wish::Create(row) => sum.create = Some(row.clone()),
                Wish::Update(changes, screen) => {
                    sum.screens.push(screen.clone());
                    for (field, seen, wanted) in changes {
                        if let Some(row) = &mut sum.create {
                            row.insert(field.clone(), wanted.clone());
                            continue;
                        }
                        let entry = sum.fields.entry(field.clone()).or_default();
                        entry.0.push(seen.clone());
                        entry.1 = wanted.clone();
                    }
                }
                Wish::Delete(row) => {
                    sum.screens.push(row.clone());
                    sum.is_deleted_before_created = sum.create.is_some();
                    sum.delete = (!std::mem::take(&mut sum.restores)).then(|| row.clone());
                }
                Wish::Restore => sum.restores = sum.delete.take().is_none(),
                Wish::Link(session, links) => sum.link = Some((*session, *links)),
            }
        }
        sum
    }
}

impl Sum {
    /// Returns the fields whose last wanted value differs from the value that was first seen.
    fn changed(&self) -> impl Iterator<Item = (&String, &(Vec<Value>, Value))> {
        self.fields
            .iter()
            .filter(|(_, (seen, wanted))| seen.first() != Some(wanted))
    }

    /// Whether the changes cancel each other out.
    fn is_nothing(&self) -> bool {
        let changes_nothing = self.changed().next().is_none() && self.delete.is_none() && !self.restores;
        self.is_deleted_before_created || (self.create.is_none() && self.link.is_none() && changes_nothing)
    }
}

impl Ledger {
    /// Begins a story with a change that is sent separately.
    pub(super) fn begin(&mut self, key: u64, (person, profile, tab): (usize, usize, TabId), begun: u64, made: &Made) {
        let story = Story {
            person,
            profile,
            tab,
            begun,
            row: made.row,
            wishes: vec![made.wish.clone()],
            fate: Fate::Open,
            is_answered: false,
            created: Vec::new(),
            written: BTreeMap::new(),
        };
        self.stories.insert(key, story);
    }

    /// Adds a change to the story of an earlier one.
    pub(super) fn add(&mut self, key: u64, made: &Made) {
        if let Some(story) = self.stories.get_mut(&key) {
            story.wishes.push(made.wish.clone());
        }
    }

    /// Adds a change that cancels an earlier one. Fails if the story still has an effect.
    pub(super) fn take_back(&mut self, key: u64, made: &Made) -> Check {
        self.add(key, made);
        let Some(story) = self.stories.get_mut(&key) else {
            return Ok(());
        };
        story.fate = Fate::TakenBack;
        if story.sum().is_nothing() {
            Ok(())
        } else {
            Err(format!("{story:?} is taken back, but does not come to nothing"))
        }
    }

    pub(super) fn set_fate(&mut self, key: u64, fate: Fate) {
        if let Some(story) = self.stories.get_mut(&key) {
            story.fate = fate;
        }
    }

    /// Discards the open stories of the selected people in a browser.
    pub(super) fn discard(&mut self, profile: usize, is_meant: impl Fn(usize) -> bool) {
        let open = self.stories.values_mut().filter(|story| story.fate == Fate::Open);
        for story in open.filter(|story| story.profile == profile && is_meant(story.person)) {
            story.fate = Fate::Discarded;
        }
    }

    /// Whether this is a temporary id of a row, and the tab knows the id that the server has assigned instead.
    fn is_named(&self, row: u128) -> bool {
        let mut stories = self.stories.values();
        row >> 64 == MARK && stories.any(|story| story.row == row && story.has_created())
    }

    /// Returns the ids of the story's row: the first one, and those that the server has assigned since.
    fn rows(&self, story: &Story) -> Vec<u128> {
        let mut rows = vec![story.row];
        let mut at = 0;
        while let Some(row) = rows.get(at).copied() {
            for (temporary, ids) in &self.real {
                let known = std::iter::once(temporary).chain(ids);
                let later = known.skip_while(|id| **id != row);
                let news: Vec<u128> = later.copied().filter(|id| !rows.contains(id)).collect();
                rows.extend(news);
            }
            at += 1;
        }
        rows.retain(|row| *row != story.row || !self.is_named(*row));
        rows
    }

    /// Returns the ids of the goal that a change links.
    pub(super) fn linked(&self, key: u64) -> Vec<u128> {
        let linking = self
            .stories
            .get(&key)
            .filter(|story| matches!(story.sum().link, Some((_, true))));
        linking.map(|story| self.rows(story)).unwrap_or_default()
    }

    /// Records a row that the server has created for a change. Fails if the row has other values than wanted, or if it
    /// is not the first one.
    pub(super) fn note_created(&mut self, key: u64, id: u128, history: &History) -> Check {
        let Some(story) = self.stories.get_mut(&key) else {
            return Ok(());
        };
        story.created.push(id);
        let sum = story.sum();
        self.real.entry(story.row).or_default().push(id);
        if let Some(create) = &sum.create {
            // An action whose goal is deleted is created without a goal.
            let is_lost = |goal: &Value| {
                let goal = goal.as_str().and_then(|goal| uuid::Uuid::parse_str(goal).ok());
                goal.is_some_and(|goal| history.existed(goal.as_u128(), false, story.begun))
            };
            let is_as_meant = |(field, value): (&String, &Value)| match history.first(id, field) {
                Some(Value::Null) if field == "goal_id" && *value != Value::Null => is_lost(value),
                first => first == Some(value),
            };
            if !create.iter().all(is_as_meant) {
                return Err(format!("{story:?} was created as something else"));
            }
        }
        if story.created.len() > 1 {
            return Err(format!("{story:?} was created more than once"));
        }
        Ok(())
    }

    /// Records the values that a write or a deletion for a change has replaced. Fails if the author of the change had
    /// not seen one of them. `known` is the number of the last change of the row that the tab knew of when the request
    /// was sent: on a server without conditional writes, later changes may be lost.
    pub(super) fn check_overwritten(&mut self, key: u64, overwritten: &[Overwritten], known: Option<u64>) -> Check {
        self.bring_back(key);
        let Some(story) = self.stories.get_mut(&key) else {
            return Ok(());
        };
        let sum = story.sum();
        for Overwritten {
            field,
            old,
            new,
            number,
        } in overwritten
        {
            story.written.entry(field.clone()).or_default().extend(new.clone());
            let has_seen = sum.fields.get(field).is_some_and(|(seen, _)| seen.contains(old));
            let was_shown = || sum.screens.iter().any(|row| row.get(field) == Some(old));
            let has_seen = has_seen || (sum.delete.is_some() && was_shown());
            if !has_seen && known.is_none_or(|known| *number <= known) {
                return Err(format!(
                    "{field} was {old}, which change {number} had written and the author of {story:?} has not seen \
                     (knew {known:?})"
                ));
            }
        }
        Ok(())
    }

    /// Marks a change as made, apart from its unresolved parts. Fails if the history of the server contradicts that.
    pub(super) fn settle(&mut self, key: u64, leftovers: &[Rc<Unresolved>], history: &History) -> Check {
        self.bring_back(key);
        let Some(story) = self.stories.get(&key) else {
            return Ok(());
        };
        let (sum, rows, since) = (story.sum(), self.rows(story), story.begun);
        let fate = if leftovers.is_empty() {
            Fate::Made
        } else {
            Fate::Unresolved
        };
        let is_there = |leftover: &Rc<Unresolved>| rows.contains(&leftover.row.as_u128());
        let problem = leftovers.iter().find(|leftover| is_there(leftover));
        let why = match problem.map(|leftover| (&leftover.problem, leftover)) {
            Some((Problem::DeletedThere, left)) => {
                let has = |(field, (_, wanted)): (&String, &(Vec<Value>, Value))| {
                    let mut changes = left.changes.iter();
                    changes.any(|change| change.field == *field && change.to == *wanted)
                };
                let id = left.row.as_u128();
                let is_gone = history.existed(id, false, since) && !self.is_named(id);
                (!is_gone || !sum.changed().all(has)).then_some("its row is said to be gone")
            }
            Some((Problem::ChangedThere, left)) => {
                (sum.delete.is_none() || left.now.is_none()).then_some("its row is said to have changed")
            }
            Some((Problem::BothChanged { fields }, _)) => {
                let is_told =
                    |field: &str, wanted: &Value| fields.iter().any(|each| each.field == field && each.mine == *wanted);
                let mut lost = sum.changed().filter(|(field, (_, wanted))| {
                    !is_told(field, wanted) && !rows.iter().any(|row| history.held(*row, field, wanted, since))
                });
                let is_needless = |each: &FieldConflict| {
                    let seen = sum.fields.get(&each.field).and_then(|(seen, _)| seen.first());
                    let was_seen = seen == Some(&each.theirs) && story.is_steady(&each.field);
                    was_seen || story.has_made(&each.field, &each.theirs)
                };
                let needless = fields.iter().any(is_needless).then_some("a conflict is none");
                needless.or_else(|| lost.next().map(|_| "a field is neither written nor told"))
            }
            Some(_) => Some("it is left over for another reason"),
            None => sum.why_not_made(story, &rows, history),
        };
        if let Some(why) = why {
            return Err(format!("{story:?} is taken for made, but {why}: {leftovers:?}"));
        }
        self.set_fate(key, fate);
        if let Some(story) = self.stories.get_mut(&key) {
            story.is_answered = true;
        }
        Ok(())
    }
}

impl Sum {
    /// Returns the reason why a change that counts as made was not made.
    fn why_not_made(&self, story: &Story, rows: &[u128], history: &History) -> Option<&'static str> {
        let since = story.begun;
        let any = |is: &dyn Fn(u128) -> bool| rows.iter().any(|row| is(*row));
        if self.create.is_some() {
            return story.created.is_empty().then_some("its row was never created");
        }
        if self.delete.is_some() {
            return (!any(&|row| history.existed(row, false, since))).then_some("its row was never deleted");
        }
        if self.restores {
            let is_there = !story.created.is_empty() || any(&|row| history.existed(row, true, since));
            if !is_there {
                return Some("its row was never there again");
            }
        }
        if let Some((session, links)) = self.link {
            return (!any(&|row| history.linked(session, row, links, since))).then_some("its goal was never linked so");
        }
        let lost = self
            .changed()
            .find(|(field, (_, wanted))| !any(&|row| history.held(row, field, wanted, since)));
        lost.map(|_| "a field never had the value that is wanted")
    }
}
