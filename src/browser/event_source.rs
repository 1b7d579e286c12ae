//! The browser's `EventSource`, with every listener owned.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventSourceInit, MessageEvent};

/// A report of an [`EventSource`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// The response has begun.
    Opened,
    /// A message has arrived.
    Message {
        /// Its `event:` field; `message` if it has none.
        name: String,
        /// Its data.
        data: String,
        /// The last id that the stream sent.
        id: String,
    },
    /// The stream broke; the browser would reconnect by itself.
    Lost,
    /// The browser has given up the stream, because the answer was no event stream.
    Refused,
}

/// An open stream of server-sent events; dropping it removes every listener and closes the stream.
///
/// The browser never reconnects by itself, because the receiver of [`StreamEvent::Lost`] drops this object.
#[derive(Debug)]
#[must_use = "a stream that is dropped is closed"]
pub struct EventSource {
    source: web_sys::EventSource,
    on_open: Closure<dyn Fn(Event)>,
    on_error: Closure<dyn Fn(Event)>,
    on_message: Closure<dyn Fn(MessageEvent)>,
    names: &'static [&'static str],
    closed: Rc<Cell<bool>>,
}

impl EventSource {
    /// Opens a stream, with cookies. `names` are the events to listen to besides unnamed messages, because browsers
    /// have no wildcard.
    ///
    /// # Errors
    ///
    /// The address is invalid.
    pub fn open(
        url: &str,
        names: &'static [&'static str],
        report: impl Fn(StreamEvent) + 'static,
    ) -> Result<Self, JsValue> {
        let options = EventSourceInit::new();
        options.set_with_credentials(true);
        let source = web_sys::EventSource::new_with_event_source_init_dict(url, &options)?;
        let closed = Rc::new(Cell::new(false));
        let report = Rc::new({
            let closed = Rc::clone(&closed);
            move |event| {
                if !closed.get() {
                    report(event);
                }
            }
        });

        let on_open = Closure::<dyn Fn(Event)>::new({
            let report = Rc::clone(&report);
            // A server may name an event `open` or `error`. Such an event is a message.
            move |event: Event| {
                if !event.is_instance_of::<MessageEvent>() {
                    report(StreamEvent::Opened);
                }
            }
        });
        let on_error = Closure::<dyn Fn(Event)>::new({
            let (report, source) = (Rc::clone(&report), source.clone());
            move |event: Event| {
                if !event.is_instance_of::<MessageEvent>() {
                    let refused = source.ready_state() == web_sys::EventSource::CLOSED;
                    report(if refused {
                        StreamEvent::Refused
                    } else {
                        StreamEvent::Lost
                    });
                }
            }
        });
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            report(StreamEvent::Message {
                name: event.type_(),
                data: event.data().as_string().unwrap_or_default(),
                id: event.last_event_id(),
            });
        });

        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        for name in names {
            source.add_event_listener_with_callback(name, on_message.as_ref().unchecked_ref())?;
        }
        Ok(Self {
            source,
            on_open,
            on_error,
            on_message,
            names,
            closed,
        })
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        self.closed.set(true);
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.set_onmessage(None);
        for name in self.names {
            let listener = self.on_message.as_ref().unchecked_ref();
            let removed = self.source.remove_event_listener_with_callback(name, listener);
            debug_assert!(removed.is_ok(), "the listener was there");
        }
        self.source.close();
        // The drop often happens inside one of these closures, and a closure must not be dropped while it runs.
        let nothing = || Closure::<dyn Fn(Event)>::new(|_| {});
        let closures = (
            std::mem::replace(&mut self.on_open, nothing()),
            std::mem::replace(&mut self.on_error, nothing()),
            std::mem::replace(&mut self.on_message, Closure::new(|_| {})),
        );
        super::spawn(async move { drop(closures) });
    }
}
