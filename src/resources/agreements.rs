//! Agreements.

use std::rc::Rc;

use wire::{Agreement, AgreementId, CoachingSessionId, NewAgreement, Timestamp, UserId};
use yew::prelude::*;

use super::list::{self, List};
use crate::api::{Api, ApiError};
use crate::query::{Key, Query, UseMutation, use_mutation};

/// The agreements of a session, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionAgreements(pub CoachingSessionId);

impl Query for SessionAgreements {
    type Backend = Api;
    type Data = List<Agreement>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("agreements")
            .param("coaching_session_id", self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<List<Agreement>, ApiError> {
        api.agreements(self.0).await
    }

    fn share(previous: &List<Agreement>, fresh: List<Agreement>) -> List<Agreement> {
        list::share(previous, fresh)
    }
}

/// What can be done to the agreements of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct AgreementMutations {
    /// Adds one.
    pub create: UseMutation<Api, NewAgreement, Agreement>,
    /// Replaces one.
    pub update: UseMutation<Api, Agreement, Agreement>,
    /// Removes one.
    pub delete: UseMutation<Api, AgreementId, ()>,
}

/// What can be done to the agreements of a session by this person.
#[hook]
pub fn use_agreement_mutations(session: CoachingSessionId, user: UserId) -> AgreementMutations {
    let query = SessionAgreements(session);
    AgreementMutations {
        create: use_mutation(
            "add the agreement",
            (query, user),
            |(query, user), new| list::creation(query, Rc::new(draft(new, *user))),
            |_, api: Api, new| async move { api.create_agreement(&new).await },
        ),
        update: use_mutation(
            "save the agreement",
            query,
            list::change,
            |_, api: Api, agreement| async move { api.update_agreement(&agreement).await },
        ),
        delete: use_mutation(
            "delete the agreement",
            query,
            |query, id| list::removal(query, *id),
            |_, api: Api, id| async move { api.delete_agreement(id).await },
        ),
    }
}

/// What a new agreement looks like until the server has said.
fn draft(new: &NewAgreement, user: UserId) -> Agreement {
    let not_known_yet = Timestamp::default();
    Agreement {
        id: list::draft_id(),
        coaching_session_id: new.coaching_session_id,
        body: new.body.clone(),
        user_id: user,
        created_at: not_known_yet,
        updated_at: not_known_yet,
    }
}
