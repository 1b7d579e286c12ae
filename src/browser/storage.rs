//! The little that outlives the page.

/// The id of who was signed in last, so that a reload can ask whether they still are. `static/early.js` looks for it too.
const USER: &str = "freshet-user";
/// That somebody has signed out and the server could not be told yet.
const SIGN_OUT_PENDING: &str = "freshet-sign-out-pending";

/// That a tab has changes that were not sent; the name of the tab follows.
const UNSENT: &str = "freshet-unsent-";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Who was signed in last. `None` too where the browser keeps nothing.
#[must_use]
pub fn remembered_user() -> Option<String> {
    read(USER).filter(|user| !user.is_empty())
}

/// Remembers who is signed in, or that nobody is.
pub fn remember_user(user: Option<&str>) {
    // An empty record stands for nobody. A missing one means that the site's data was cleared.
    keep(USER, Some(user.unwrap_or_default()));
}

/// Whether the records of this site were cleared since the app began, as "clear site data" does. True too where the
/// browser keeps nothing.
#[must_use]
pub fn was_cleared() -> bool {
    read(USER).is_none()
}

/// Whether the server has yet to be told that somebody has signed out.
#[must_use]
pub fn is_sign_out_pending() -> bool {
    read(SIGN_OUT_PENDING).is_some()
}

/// Remembers whether the server has yet to be told that somebody has signed out.
pub fn set_sign_out_pending(pending: bool) {
    keep(SIGN_OUT_PENDING, pending.then_some("yes"));
}

/// The tabs that have changes that were not sent, be they alive or gone. `None` where the browser keeps nothing.
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

/// Remembers whether a tab has changes that were not sent.
pub fn set_has_unsent(tab: &str, has_unsent: bool) {
    keep(&format!("{UNSENT}{tab}"), has_unsent.then_some("yes"));
}

/// The names that begin like this.
#[must_use]
pub fn names(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let count = storage.length().unwrap_or_default();
    let names = (0..count).filter_map(|index| storage.key(index).ok().flatten());
    names.filter(|name| name.starts_with(prefix)).collect()
}

/// The text under a name.
#[must_use]
pub fn read(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Writes a text under a name, or removes it. Returns whether the browser has kept it.
pub fn write(name: &str, value: Option<&str>) -> bool {
    let Some(storage) = storage() else { return false };
    match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    }
    .is_ok()
}

/// A browser that keeps nothing is no obstacle.
fn keep(name: &str, value: Option<&str>) {
    if !write(name, value) {
        log::warn!("the browser keeps nothing");
    }
}
