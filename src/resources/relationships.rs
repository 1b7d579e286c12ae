//! Coaching relationships.

use wire::{CoachingRelationship, UserId};

use super::{Reading, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::query::{Key, List, Options, Query};

/// The coaching relationships of a person, as coach or as coachee. No event announces a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRelationships(pub UserId);

impl Query for UserRelationships {
    type Backend = Api;
    type Data = List<CoachingRelationship>;
    type Memo = Rows<CoachingRelationship>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("users")
            .segment(self.0.as_u128())
            .segment("coaching-relationships")
            .build()
    }

    fn options(&self) -> Options {
        Options::unannounced()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.relationships(self.0).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<CoachingRelationship>>) -> Reading<CoachingRelationship> {
        read_list(body, last)
    }

    fn body(rows: &Rows<CoachingRelationship>) -> Option<&[u8]> {
        Some(rows.body())
    }
}
