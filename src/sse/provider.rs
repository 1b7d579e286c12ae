//! The provider of the tab's connection, for all components below it.

use std::rc::Rc;

use wire::Cursor;
use yew::prelude::*;
use yewdux::use_dispatch;

use super::driver::{Address, Driver, Listener};
use super::link::Report;
use super::settings::Settings;
use super::store::StatusStore;
use crate::browser::{self, PageEvent, page};

/// The access of components to the connection. Handles are equal as long as the connection is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct SseHandle(Driver);

impl SseHandle {
    /// Sends all reports to a listener, until the returned guard is dropped.
    pub fn subscribe(&self, listener: impl Fn(&Report) + 'static) -> Subscription {
        let listener: Rc<Listener> = Rc::new(listener);
        self.0.listen(&listener);
        Subscription(listener)
    }

    /// Retries now.
    pub fn retry(&self) {
        self.0.retry();
    }

    /// Closes the stream until a person signs in again.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Notes a fetch that reflects this position of the event log.
    pub fn note_read(&self, position: Option<Cursor>) {
        self.0.note_read(position);
    }

    /// Confirms that the session is alive: the answer to [`Report::CheckSession`].
    pub fn refreshed(&self) {
        self.0.refreshed();
    }
}

/// A guard that keeps a listener alive. Dropping it ends the subscription.
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
    /// The address of the stream. Fixed for the life of the provider.
    pub address: Address,
    /// The settings of the connection. Fixed for the life of the provider.
    #[prop_or_default]
    pub settings: Settings,
    /// The person who is signed in: any text that differs from person to person. There is a stream if and only if a
    /// person is signed in, and the tabs of one person share it.
    pub person: Option<AttrValue>,
    /// Whether the tabs of one person share a stream. Fixed for the life of the provider.
    #[prop_or(true)]
    pub shares: bool,
    /// The components that can use the connection.
    #[prop_or_default]
    pub children: Html,
}

/// Owns the connection of the tab: opens it on sign-in, closes it on sign-out, and keeps it across all changes of page
/// and all renders in between.
#[component]
pub fn SseProvider(props: &SseProviderProperties) -> Html {
    let dispatch = use_dispatch::<StatusStore>();
    let (address, settings, shares) = (props.address.clone(), props.settings, props.shares);
    let handle = use_memo((), move |()| {
        SseHandle(Driver::new(address, settings, shares, dispatch))
    });

    use_effect_with(Rc::clone(&handle), |handle| {
        let look: fn(&Driver) = |driver| driver.set_visible(page::is_visible());
        look(&handle.0);
        handle.0.set_online(page::is_online());
        let on = |event, act: fn(&Driver)| {
            let driver = handle.0.clone();
            browser::Listener::new(event, move || act(&driver))
        };
        let listeners = [
            on(PageEvent::Online, |driver| driver.set_online(true)),
            on(PageEvent::Offline, |driver| driver.set_online(false)),
            on(PageEvent::VisibilityChange, look),
            on(PageEvent::PageHide, Driver::suspend),
            on(PageEvent::PageShow, Driver::resume),
            on(PageEvent::Freeze, Driver::suspend),
            on(PageEvent::Resume, Driver::resume),
        ];
        let handle = Rc::clone(handle);
        move || {
            drop(listeners);
            handle.0.stop();
        }
    });
    use_effect_with((props.person.clone(), Rc::clone(&handle)), |(person, handle)| {
        // The person has changed, so the stream of the previous one ends.
        handle.0.stop();
        if let Some(person) = person {
            handle.0.start(person);
        }
    });
    html! {
        <ContextProvider<SseHandle> context={(*handle).clone()}>
            { props.children.clone() }
        </ContextProvider<SseHandle>>
    }
}

/// Returns the connection.
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
