//! How far an action or a goal has come.

use serde::{Deserialize, Serialize};

use crate::json::{FromJson, Unreadable};

/// The status that actions and goals share. PascalCase on the wire.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::VariantArray, strum::EnumString,
)]
pub enum ItemStatus {
    /// Agreed, not begun.
    #[default]
    NotStarted,
    /// Being worked on.
    InProgress,
    /// Done.
    Completed,
    /// Set aside for now.
    OnHold,
    /// Given up on purpose.
    WontDo,
}

impl FromJson for ItemStatus {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        String::from_json(text)?.parse().or(Err(Unreadable))
    }
}

impl ItemStatus {
    /// Every status, in the order in which people read them.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Whether nothing is left to be done.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::WontDo)
    }
}
