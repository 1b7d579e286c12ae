//! What the pages are made of: properties in, callbacks out.
//!
//! Nothing here fetches, listens or knows an address of the API.

mod add_form;
mod connection_indicator;
mod icon;
mod item;
mod query_view;
mod shell;
mod submission;
mod toasts;

pub use add_form::AddForm;
pub use connection_indicator::ConnectionIndicator;
pub use icon::{Glyph, Icon};
pub use item::ItemRow;
pub use query_view::{Problem, Skeleton, query_view};
pub use shell::{Card, Shell, Splash};
pub use submission::{Refused, Submission};
pub use toasts::Toasts;
