//! What a REST response is wrapped in.

use serde::{Deserialize, Serialize};

/// A response that worked.
///
/// Some servers answer 200 to everything that worked and say 201 or 204 in here: the truth is both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// What the HTTP status would be, were it exact.
    pub status_code: u16,
    /// What was asked for.
    pub data: T,
}

/// A response that did not work, where the server says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The HTTP status.
    pub status_code: u16,
    /// A word for programs, such as `conflict` or `validation_error`.
    #[serde(default)]
    pub error: String,
    /// A sentence for people.
    #[serde(default)]
    pub message: String,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
    /// The row as it is, with a 412.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
}

/// What deleting answers. Not in an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted<Id> {
    /// What was deleted.
    pub id: Id,
}
