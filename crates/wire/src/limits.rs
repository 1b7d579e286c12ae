//! The longest texts that the server stores, in characters (Unicode scalar values). The app says so while they are typed.

/// The longest text of an action, an agreement or a goal.
pub const MAX_TEXT: usize = 20_000;

/// The longest title of a session or a goal.
pub const MAX_TITLE: usize = 500;
