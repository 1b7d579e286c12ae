//! The browser's local storage, for the few values that outlive a tab.

/// The id of the person who was signed in last, so that a reload can ask whether they still are. `static/early.js`
/// looks for it too.
const USER: &str = "freshet-user";
/// The flag that a person has signed out, and the server has not been told yet.
const SIGN_OUT_PENDING: &str = "freshet-sign-out-pending";

/// The prefix of the flag that a tab has unsent changes. The name of the tab follows.
const UNSENT: &str = "freshet-unsent-";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Returns the id of the person who was signed in last. Returns `None` as well if the browser stores nothing.
#[must_use]
pub fn remembered_user() -> Option<String> {
    read(USER).filter(|user| !user.is_empty())
}

/// Remembers the person who is signed in, or that no person is.
pub fn remember_user(user: Option<&str>) {
    // An empty record means that no person is signed in. A missing record means that the site's data was cleared.
    keep(USER, Some(user.unwrap_or_default()));
}

/// Returns whether the records of this site were cleared since the app started, as "clear site data" does. Returns true
/// as well if the browser stores nothing.
#[must_use]
pub fn was_cleared() -> bool {
    read(USER).is_none()
}

/// Returns whether a person has signed out, and the server has not been told yet.
#[must_use]
pub fn is_sign_out_pending() -> bool {
    read(SIGN_OUT_PENDING).is_some()
}

/// Remembers whether a person has signed out, and the server has not been told yet.
pub fn set_sign_out_pending(pending: bool) {
    keep(SIGN_OUT_PENDING, pending.then_some("yes"));
}

/// Returns the names of the tabs, open or closed, that have unsent changes. Returns `None` if the browser stores
/// nothing.
#[must_use]
pub fn tabs_with_unsent() -> Option<Vec<String>> {
    storage()?;
    let names = names(UNSENT).into_iter();
    Some(
        names
            .filter_map(|name| name.strip_prefix(UNSENT).map(str::to_owned))
            .collect(),
    )
}

/// Remembers whether a tab has unsent changes.
pub fn set_has_unsent(tab: &str, has_unsent: bool) {
    keep(&format!("{UNSENT}{tab}"), has_unsent.then_some("yes"));
}

/// Returns all names with this prefix.
#[must_use]
pub fn names(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let count = storage.length().unwrap_or_default();
    let names = (0..count).filter_map(|index| storage.key(index).ok().flatten());
    names.filter(|name| name.starts_with(prefix)).collect()
}

/// Returns the text under a name.
#[must_use]
pub fn read(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Writes a text under a name, or removes it. Returns whether the browser has stored the change.
pub fn write(name: &str, value: Option<&str>) -> bool {
    let Some(storage) = storage() else { return false };
    match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    }
    .is_ok()
}

/// Writes a text under a name, or removes it. Logs a failure, since the app works in a browser that stores nothing.
fn keep(name: &str, value: Option<&str>) {
    if !write(name, value) {
        log::warn!("the browser keeps nothing");
    }
}
