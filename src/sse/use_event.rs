//! Hooks for components that react to events or show the status.

use std::rc::Rc;

use wire::{Event, EventKind};
use yew::prelude::*;
use yewdux::use_selector;

use super::decode::Delivery;
use super::link::Report;
use super::provider::use_sse;
use super::status::{State, Status};
use super::store::StatusStore;

/// Calls the handler with every report of the connection. It always calls the handler of the newest render, through one
/// listener that is registered once.
#[hook]
pub fn use_sse_reports(handler: impl Fn(&Report) + 'static) {
    let handle = use_sse();
    let newest = use_mut_ref(|| None::<Rc<dyn Fn(&Report)>>);
    *newest.borrow_mut() = Some(Rc::new(handler));
    use_effect_with(handle, move |handle| {
        let subscription = handle.subscribe(move |report| {
            let handler = newest.borrow().clone();
            if let Some(handler) = handler {
                handler(report);
            }
        });
        move || drop(subscription)
    });
}

/// Calls the handler with every event of this kind; see [`use_sse_reports`].
#[hook]
pub fn use_sse_event(kind: EventKind, handler: impl Fn(&Event) + 'static) {
    use_sse_reports(move |report| {
        if let Report::Delivery(delivery) = report
            && let Delivery::Event(event) = &**delivery
            && event.kind() == kind
        {
            handler(event);
        }
    });
}

/// Returns the status of the connection. Renders again with every change of the status. [`use_sse_state`] returns only
/// the state.
#[hook]
pub fn use_sse_status() -> Rc<Status> {
    use_selector(|store: &StatusStore| store.0.clone())
}

/// Returns the state of the connection.
#[hook]
pub fn use_sse_state() -> State {
    *use_selector(|store: &StatusStore| store.0.state)
}
