//! Owns the connection of the page and hands out what it brings.

use std::rc::Rc;

use wire::Cursor;
use yew::prelude::*;
use yewdux::use_dispatch;

use super::driver::{Driver, Listener, Report};
use super::settings::Settings;
use super::store::StatusStore;
use crate::browser::{self, PageEvent, page};

/// What components may do with the connection. Equal for as long as it is the same connection.
#[derive(Clone, Debug, PartialEq)]
pub struct SseHandle(Driver);

impl SseHandle {
    /// Listens to everything that is reported, until the returned guard is dropped.
    pub fn subscribe(&self, listener: impl Fn(&Report) + 'static) -> Subscription {
        let listener: Rc<Listener> = Rc::new(listener);
        self.0.listen(&listener);
        Subscription(listener)
    }

    /// Tries again now.
    pub fn retry(&self) {
        self.0.retry();
    }

    /// Closes the stream until somebody signs in again.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// A read has returned that reflects this position of the server's log.
    pub fn note_read(&self, position: Option<Cursor>) {
        self.0.note_read(position);
    }
}

/// Keeps a listener alive; dropping it ends the listening.
#[must_use = "a subscription that is dropped hears nothing"]
pub struct Subscription(#[expect(dead_code, reason = "held so that it lives")] Rc<Listener>);

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription(..)")
    }
}

/// Properties of [`SseProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SseProviderProperties {
    /// Where the stream is. Fixed for the life of the provider.
    pub url: AttrValue,
    /// The numbers of the connection. Fixed for the life of the provider.
    #[prop_or_default]
    pub settings: Settings,
    /// Whether somebody is signed in. There is a stream if and only if there is somebody it is for.
    pub signed_in: bool,
    /// What may use the connection.
    #[prop_or_default]
    pub children: Html,
}

/// Owns the connection of the page: opens it when somebody signs in, closes it when they sign out, and keeps it
/// across every change of page and every render in between.
#[component]
pub fn SseProvider(props: &SseProviderProperties) -> Html {
    let dispatch = use_dispatch::<StatusStore>();
    let (url, settings) = (props.url.to_string(), props.settings);
    let handle = use_memo((), move |()| SseHandle(Driver::new(url, settings, dispatch)));

    use_effect_with((props.signed_in, Rc::clone(&handle)), |(signed_in, handle)| {
        if *signed_in {
            handle.0.start();
        } else {
            handle.0.stop();
        }
    });
    use_effect_with(Rc::clone(&handle), |handle| {
        let on = |event, act: fn(&Driver)| {
            let driver = handle.0.clone();
            browser::Listener::new(event, move || act(&driver))
        };
        let listeners = [
            on(PageEvent::Online, Driver::opportunity),
            on(PageEvent::VisibilityChange, |driver| {
                if page::is_visible() {
                    driver.opportunity();
                }
            }),
            on(PageEvent::PageHide, Driver::suspend),
            on(PageEvent::PageShow, Driver::resume),
        ];
        let handle = Rc::clone(handle);
        move || {
            drop(listeners);
            handle.0.stop();
        }
    });
    html! {
        <ContextProvider<SseHandle> context={(*handle).clone()}>
            { props.children.clone() }
        </ContextProvider<SseHandle>>
    }
}

/// The connection.
///
/// # Panics
///
/// Outside a [`SseProvider`].
#[hook]
pub fn use_sse() -> SseHandle {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <SseProvider>")
}
