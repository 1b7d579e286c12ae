//! The components of the pages: properties in, callbacks out.
//!
//! A part with state of its own, or one that renders apart from its surroundings, is a component. The rest are
//! functions, because each component adds about half a kilobyte to the first visit.
//!
//! No component here fetches data, listens to events or knows an address of the API.

mod add_form;
mod changed_note;
mod conflict;
mod connection_indicator;
mod day_field;
mod dialog;
mod focus;
mod icon;
mod item;
mod keys;
mod link;
mod not_saved;
mod onward;
mod query_view;
mod select;
mod session_row;
mod shell;
mod text_limit;
mod toasts;

pub use add_form::AddForm;
pub use changed_note::{changed_note, use_seen_text};
pub use conflict::{Choice, ConflictCard, Versus};
pub use connection_indicator::ConnectionIndicator;
pub use day_field::DayField;
pub use dialog::Question;
pub use focus::focus;
pub use icon::{Glyph, icon};
pub use item::{ItemRow, cancel, editor_id, text_id};
pub use keys::{is_enter, is_escape};
pub use link::RouteLink;
pub use not_saved::{NotSaved, NotSavedProperties, UNSAVED_AFTER};
pub use onward::Onward;
pub use query_view::{not_shown, opaque_note, problem, query_view, skeleton};
pub use select::Select;
pub use session_row::{SessionRow, session_rows};
pub use shell::{Place, SignOutPrompt, Unsent, brand, card, shell, splash, splash_saying};
pub use text_limit::{is_too_long, limit_note};
pub use toasts::toasts;
