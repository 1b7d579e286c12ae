//! Agreements.

use std::rc::Rc;

use serde::Serialize;
use wire::json::read;
use wire::{Agreement, AgreementId, CoachingSessionId, NewAgreement};

use super::{Reading, gone, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::query::{Edits, Key, List, Mutation, Query, change, creation, removal};

/// The agreements of a session, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionAgreements(pub CoachingSessionId);

impl Query for SessionAgreements {
    type Backend = Api;
    type Data = List<Agreement>;
    type Memo = Rows<Agreement>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("agreements")
            .param("coaching_session_id", self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.agreements(self.0).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<Agreement>>) -> Reading<Agreement> {
        read_list(body, last)
    }

    fn body(rows: &Rows<Agreement>) -> Option<&[u8]> {
        Some(rows.body())
    }
}

/// Adds this agreement, which has an id of its own until the server gives it one.
#[derive(Clone, Debug, Serialize)]
pub struct CreateAgreement(pub Agreement);

impl Mutation for CreateAgreement {
    type Backend = Api;
    type Output = Agreement;

    const NAME: &'static str = "create_agreement";
    const ATTEMPT: &'static str = "add the agreement";

    fn read(content: &[u8]) -> Option<Self> {
        read(content).ok().map(Self)
    }

    fn edits(&self) -> Edits<Agreement> {
        creation(&SessionAgreements(self.0.coaching_session_id), self.0.clone())
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<Agreement, ApiError> {
        let new = NewAgreement {
            coaching_session_id: self.0.coaching_session_id,
            body: self.0.body,
        };
        api.with_key(key).create_agreement(&new).await
    }
}

/// Replaces the agreement with this id by this one.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateAgreement(pub Agreement);

impl Mutation for UpdateAgreement {
    type Backend = Api;
    type Output = Agreement;

    const NAME: &'static str = "update_agreement";
    const ATTEMPT: &'static str = "save the agreement";

    fn read(content: &[u8]) -> Option<Self> {
        read(content).ok().map(Self)
    }

    fn edits(&self) -> Edits<Agreement> {
        change(&SessionAgreements(self.0.coaching_session_id), &self.0)
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<Agreement, ApiError> {
        api.with_key(key).update_agreement(&self.0).await
    }
}

/// Removes an agreement of a session.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DeleteAgreement(pub CoachingSessionId, pub AgreementId);

impl Mutation for DeleteAgreement {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "delete_agreement";
    const ATTEMPT: &'static str = "delete the agreement";

    fn read(content: &[u8]) -> Option<Self> {
        let (session, agreement) = read(content).ok()?;
        Some(Self(session, agreement))
    }

    fn edits(&self) -> Edits<()> {
        removal(&SessionAgreements(self.0), self.1.as_u128())
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<(), ApiError> {
        gone(api.with_key(key).delete_agreement(self.1).await)
    }
}
