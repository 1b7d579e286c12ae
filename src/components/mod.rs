//! What the pages are made of: properties in, callbacks out.
//!
//! Nothing here fetches, listens or knows an address of the API.

mod add_form;
mod connection_indicator;
mod focus;
mod icon;
mod item;
mod query_view;
mod shell;
mod submission;
mod toasts;

pub use add_form::AddForm;
pub use connection_indicator::ConnectionIndicator;
pub use focus::focus;
pub use icon::{Glyph, Icon};
pub use item::ItemRow;
pub use query_view::{Problem, Skeleton, query_view};
pub use shell::{Card, Shell, Splash};
pub use submission::{Refused, Submission, is_enter, is_escape};
pub use toasts::Toasts;
