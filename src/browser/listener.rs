//! Events of the tab as a whole.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventTarget;

/// An event of the tab as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// The network came back.
    Online,
    /// The network is gone.
    Offline,
    /// The tab became visible, or hidden.
    VisibilityChange,
    /// The tab goes into the back/forward cache, or leaves the app for good.
    PageHide,
    /// The tab came back from the back/forward cache. Browsers also send this event after the first load.
    PageShow,
    /// The browser freezes the tab.
    Freeze,
    /// The browser resumes a frozen tab.
    Resume,
    /// Another tab has changed the local storage.
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

/// A listener that calls back on every event of one kind. Dropping it removes the listener.
#[derive(Debug)]
#[must_use = "a listener that is dropped hears nothing"]
pub struct Listener {
    target: Option<EventTarget>,
    name: &'static str,
    closure: Closure<dyn Fn()>,
}

impl Listener {
    /// Listens to one kind of event.
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
