//! The history of a row.

use std::rc::Rc;

use uuid::Uuid;
use wire::HistoryEntry;

use crate::api::{Api, ApiError};
use crate::query::{Item, Key, Options, Page, PagedQuery};

/// The history of one row, newest first, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowHistory {
    /// The collection of the row, as in the paths of the API.
    pub collection: &'static str,
    /// The id of the row.
    pub id: Uuid,
}

impl Item for HistoryEntry {
    fn id(&self) -> u128 {
        self.id.as_u128()
    }
}

impl PagedQuery for RowHistory {
    type Backend = Api;
    type Item = HistoryEntry;
    type Cursor = String;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment(self.collection)
            .segment(self.id.as_u128())
            .segment("history")
            .build()
    }

    fn options(&self) -> Options {
        Options::unannounced()
    }

    async fn fetch_page(self, api: Api, from: Option<String>) -> Result<Page<HistoryEntry, String>, ApiError> {
        let page = api.history(self.collection, self.id, from.as_deref()).await?;
        Ok(Page {
            items: page.entries.into_iter().map(Rc::new).collect(),
            next: page.next,
        })
    }
}
