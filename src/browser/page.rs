//! The document of the tab: its configuration, its title, its visibility.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, HtmlElement, VisibilityState};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Returns the text of the element with this id.
#[must_use]
pub fn text_of(id: &str) -> Option<String> {
    document()?.get_element_by_id(id)?.text_content()
}

/// Returns whether the tab is visible.
#[must_use]
pub fn is_visible() -> bool {
    document().is_none_or(|document| document.visibility_state() == VisibilityState::Visible)
}

/// Returns whether the browser reports a network.
#[must_use]
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Sets the title, which the browser shows in the tab and in the history.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Escapes a text for the query of an address.
#[must_use]
pub fn escape(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Moves the focus to the element with this id. After a change of page, this is the element where reading begins.
pub fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok())
        && element.focus().is_err()
    {
        log::info!("can not focus {id}");
    }
}

/// Replaces the page with a message, for an app that can not start. `static/early.js` shows the message for an app that
/// has stopped.
pub fn show_fatal(title: &str, explanation: &str) {
    let Some(document) = document() else { return };
    if let Err(error) = replace_body(&document, title, explanation) {
        web_sys::console::error_2(&title.into(), &error);
    }
}

fn replace_body(document: &Document, title: &str, explanation: &str) -> Result<(), JsValue> {
    let body: HtmlElement = document.create_element("body")?.unchecked_into();
    let main = document.create_element("main")?;
    main.set_class_name("fatal");
    main.set_attribute("role", "alert")?;
    let heading = document.create_element("h1")?;
    heading.set_text_content(Some(title));
    let text = document.create_element("p")?;
    text.set_text_content(Some(explanation));
    let reload = document.create_element("a")?;
    reload.set_class_name("button primary");
    reload.set_attribute("href", "")?;
    reload.set_text_content(Some("Reload the page"));
    for child in [heading, text, reload] {
        main.append_child(&child)?;
    }
    body.append_child(&main)?;
    document.set_body(Some(&body));
    Ok(())
}

/// The severity of a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Information for developers.
    Debug,
    /// An odd situation that the app has dealt with.
    Warning,
    /// An error.
    Error,
}

/// Writes a line to the browser's console.
pub fn log(severity: Severity, text: &str) {
    let text = text.into();
    match severity {
        Severity::Debug => web_sys::console::debug_1(&text),
        Severity::Warning => web_sys::console::warn_1(&text),
        Severity::Error => web_sys::console::error_1(&text),
    }
}
