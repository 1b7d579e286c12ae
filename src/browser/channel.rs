//! Messages between the tabs of this origin.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

/// A channel to all other tabs that have opened one of the same name. Dropping it closes it. A tab does not receive its
/// own messages.
#[derive(Debug)]
#[must_use = "a channel that is dropped is closed"]
pub struct Channel {
    channel: BroadcastChannel,
    on_message: Closure<dyn Fn(MessageEvent)>,
    closed: Rc<Cell<bool>>,
}

/// The error that the browser has no channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the browser has no channels")]
pub struct NoChannel;

impl Channel {
    /// Opens a channel. Messages that are not texts are ignored.
    ///
    /// # Errors
    ///
    /// The browser has no channels.
    pub fn open(name: &str, receive: impl Fn(String) + 'static) -> Result<Self, NoChannel> {
        let Ok(channel) = BroadcastChannel::new(name) else {
            return Err(NoChannel);
        };
        let closed = Rc::new(Cell::new(false));
        let on_message = Closure::<dyn Fn(MessageEvent)>::new({
            let closed = Rc::clone(&closed);
            move |event: MessageEvent| {
                if let Some(text) = event.data().as_string()
                    && !closed.get()
                {
                    receive(text);
                }
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Ok(Self {
            channel,
            on_message,
            closed,
        })
    }

    /// Sends a text to all other tabs.
    pub fn send(&self, text: &str) {
        if self.channel.post_message(&text.into()).is_err() {
            log::warn!("the other pages can not be told");
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.closed.set(true);
        self.channel.set_onmessage(None);
        self.channel.close();
        // The drop often happens inside the closure, and a closure must not be dropped while it runs.
        let on_message = std::mem::replace(&mut self.on_message, Closure::new(|_| {}));
        super::spawn(async move { drop(on_message) });
    }
}
