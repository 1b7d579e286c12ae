//! The two people of a coaching session, and field values in words.

use std::rc::Rc;

use intent::Value;
use wire::{CoachingRelationship, CoachingRelationshipId, Timestamp, UserId, parse_moment};

use crate::calendar;
use crate::words::people_in_sentence;
pub(super) use crate::words::status_label;

/// The two people of a coaching session, as one of them sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct People {
    /// The signed-in person.
    pub(super) user: UserId,
    /// The coaching relationship of both people, once it is known.
    pub(super) relationship: Option<Rc<CoachingRelationship>>,
}

impl People {
    /// Returns the name of a person: "You", or the name of the other one.
    pub(super) fn name(&self, person: UserId) -> Option<String> {
        if person == self.user {
            return Some("You".to_owned());
        }
        self.relationship.as_ref()?.name_of(person)
    }

    /// Formats people for the middle of a sentence: "you and Ada Lovelace".
    pub(super) fn in_sentence(&self, people: &[UserId]) -> String {
        people_in_sentence(people, self.user, |person| self.name(person))
    }

    /// Returns both people with their names.
    pub(super) fn all(&self) -> Vec<(UserId, String)> {
        let Some(relationship) = &self.relationship else {
            return Vec::new();
        };
        let both = [relationship.coach_id, relationship.coachee_id];
        both.into_iter()
            .filter_map(|person| Some((person, self.name(person)?)))
            .collect()
    }

    pub(super) fn relationship_id(&self) -> Option<CoachingRelationshipId> {
        self.relationship.as_ref().map(|relationship| relationship.id)
    }

    /// Formats the author of a change, as in "Ada Lovelace, 12:03".
    pub(super) fn author(&self, by: Option<UserId>, at: Option<Timestamp>) -> String {
        let name = by.and_then(|by| self.name(by));
        let name = match name {
            Some(name) if by == Some(self.user) => format!("{name}, elsewhere"),
            Some(name) => name,
            None => "The other version".to_owned(),
        };
        match at {
            Some(at) => format!("{name}, {}", calendar::time_of_day(calendar::local(at.naive_utc()))),
            None => name,
        }
    }

    /// Formats the value of a field in words.
    pub(super) fn describe(&self, field: &str, value: &Value) -> String {
        let Some(text) = value.as_str() else {
            return match value {
                Value::Array(people) if field == "assignee_ids" => self.describe_people(people),
                Value::Null => "nothing".to_owned(),
                other => other.to_string(),
            };
        };
        match field {
            "status" => text
                .parse()
                .map(status_label)
                .map_or_else(|_| text.to_owned(), str::to_owned),
            "due_by" => parse_moment(text).map_or_else(
                || text.to_owned(),
                |due| calendar::full_day(calendar::local(due.naive_utc()).date()),
            ),
            "goal_id" => "another goal".to_owned(),
            _ => text.to_owned(),
        }
    }

    fn describe_people(&self, people: &[Value]) -> String {
        let ids = people.iter().filter_map(|id| id.as_str()?.parse().ok());
        let names: Vec<String> = ids.filter_map(|id| self.name(id)).collect();
        if names.is_empty() {
            "nobody".to_owned()
        } else {
            names.join(", ")
        }
    }
}

/// Returns the label of a field.
pub(super) fn field_label(field: &str) -> &'static str {
    match field {
        "body" => "text",
        "title" => "title",
        "status" => "status",
        "due_by" => "due date",
        "target_date" => "target date",
        "goal_id" => "goal",
        "assignee_ids" => "assignees",
        "date" => "date",
        _ => "version",
    }
}
