//! The page: its configuration, its title, whether it is seen.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, HtmlElement, VisibilityState};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// The text of the element with this id.
#[must_use]
pub fn text_of(id: &str) -> Option<String> {
    document()?.get_element_by_id(id)?.text_content()
}

/// Whether the person can see the page.
#[must_use]
pub fn is_visible() -> bool {
    document().is_none_or(|document| document.visibility_state() == VisibilityState::Visible)
}

/// Whether the browser believes that there is a network.
#[must_use]
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Names the page, as in the tab and the history.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// A text as it may stand in the query of an address.
#[must_use]
pub fn escape(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Moves the focus to the element with this id: after a change of page, to where reading begins.
pub fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok())
        && element.focus().is_err()
    {
        log::info!("can not focus {id}");
    }
}

/// Replaces the page by a message, for when the app can not even begin. `static/early.js` says that it has ended.
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

/// How grave something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// For whoever looks into the app.
    Debug,
    /// Odd, but dealt with.
    Warning,
    /// Wrong.
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
