//! What happens to the page as a whole.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventTarget;

/// Something that happens to the page as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// The network came back.
    Online,
    /// The network went.
    Offline,
    /// The page became visible, or hidden.
    VisibilityChange,
    /// The page is put away, perhaps to come back.
    PageHide,
    /// The page came back as it was, from the browser's back-forward cache.
    PageShow,
    /// The browser stops the page where it stands.
    Freeze,
    /// The browser lets the page go on.
    Resume,
    /// Another tab has changed what the browser keeps.
    Storage,
    /// The page has been scrolled, by a person or by a script.
    Scroll,
    /// A wheel or a touchpad is about to scroll.
    Wheel,
    /// A finger moves over the screen.
    TouchMove,
    /// A key goes down.
    KeyDown,
    /// A button of a mouse, a pen or a finger goes down.
    PointerDown,
}

impl PageEvent {
    const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::VisibilityChange => "visibilitychange",
            Self::PageHide => "pagehide",
            Self::PageShow => "pageshow",
            Self::Freeze => "freeze",
            Self::Resume => "resume",
            Self::Storage => "storage",
            Self::Scroll => "scroll",
            Self::Wheel => "wheel",
            Self::TouchMove => "touchmove",
            Self::KeyDown => "keydown",
            Self::PointerDown => "pointerdown",
        }
    }

    fn target(self) -> Option<EventTarget> {
        let window = web_sys::window()?;
        match self {
            Self::VisibilityChange | Self::Freeze | Self::Resume => window.document().map(Into::into),
            Self::Online
            | Self::Offline
            | Self::PageHide
            | Self::PageShow
            | Self::Storage
            | Self::Scroll
            | Self::Wheel
            | Self::TouchMove
            | Self::KeyDown
            | Self::PointerDown => Some(window.into()),
        }
    }
}

/// Calls back whenever something happens; dropping it removes the listener.
#[derive(Debug)]
#[must_use = "a listener that is dropped hears nothing"]
pub struct Listener {
    target: Option<EventTarget>,
    name: &'static str,
    closure: Closure<dyn Fn()>,
}

impl Listener {
    /// Listens to one kind of event of the page.
    pub fn new(event: PageEvent, callback: impl Fn() + 'static) -> Self {
        let (target, name) = (event.target(), event.name());
        let closure = Closure::<dyn Fn()>::new(callback);
        if let Some(target) = &target
            && target
                .add_event_listener_with_callback(name, closure.as_ref().unchecked_ref())
                .is_err()
        {
            log::error!("can not listen to {name}");
        }
        Self { target, name, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(target) = &self.target {
            let removed = target.remove_event_listener_with_callback(self.name, self.closure.as_ref().unchecked_ref());
            debug_assert!(removed.is_ok(), "the listener was there");
        }
    }
}
