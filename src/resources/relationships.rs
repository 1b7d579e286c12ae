//! Who coaches whom.

use std::rc::Rc;

use wire::{CoachingRelationship, UserId};

use crate::api::{Api, ApiError};
use crate::query::{Key, Options, Query};

/// Everybody whom a person coaches or is coached by. No event announces a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRelationships(pub UserId);

impl Query for UserRelationships {
    type Backend = Api;
    type Data = Vec<Rc<CoachingRelationship>>;

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

    async fn fetch(self, api: Api) -> Result<Self::Data, ApiError> {
        api.relationships(self.0).await
    }
}
