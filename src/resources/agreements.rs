//! Agreements.

use wire::{Agreement, AgreementId, AgreementPatch, CoachingSessionId, NewAgreement, Timestamp};

use super::record::{Names, Ordered, Record};
use super::{Reading, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::draft::is_draft;
use crate::query::{Key, List, Query};

/// The agreements of a coaching session, oldest first.
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

impl Record for Agreement {
    const COLLECTION: &'static str = "agreements";
    const FIELDS: &'static [&'static str] = AgreementPatch::FIELDS;
    const NAMES: Names = Names {
        noun: "agreement",
        create: "create_agreement",
        create_attempt: "add the agreement",
        update: "patch_agreement",
        update_attempt: "save the agreement",
        delete: "remove_agreement",
        delete_attempt: "delete the agreement",
        restore: "restore_agreement",
        restore_attempt: "bring the agreement back",
    };
    type Home = SessionAgreements;
    type New = NewAgreement;

    fn home(&self) -> SessionAgreements {
        SessionAgreements(self.coaching_session_id)
    }

    fn to_new(&self) -> NewAgreement {
        NewAgreement {
            coaching_session_id: self.coaching_session_id,
            body: self.body.clone(),
        }
    }
}

impl Ordered for Agreement {
    type Key = (bool, Timestamp, AgreementId);

    fn order(&self) -> Self::Key {
        (is_draft(self), self.created_at, self.id)
    }
}
