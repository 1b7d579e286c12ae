//! The status in a yewdux store, for components that show it.

use yewdux::Store;

use super::status::Status;

/// The connection's newest snapshot. The connection itself lives elsewhere; writing to this store changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Store)]
pub struct StatusStore(pub Status);
