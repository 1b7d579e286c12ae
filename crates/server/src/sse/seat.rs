//! The registration of a stream: its inbox, and the waker of its task.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use wire::UserId;

use super::frame::Told;
use super::hub::Hub;
use crate::store::sign_ins::TokenHash;

/// The maximum number of events in an inbox. A slower stream continues from the log.
const MOST_WAITING: usize = 64;

/// The number of events for which an empty inbox keeps its memory.
const FEW: usize = 4;

/// The next task of a stream.
#[derive(Debug)]
pub(super) enum Item {
    /// Send a farewell and end the stream. Takes precedence over all other items.
    Close(Farewell),
    /// Read the log and check the sign-in, because there are events that are not in the inbox, or the sign-in may have
    /// changed.
    Look,
    /// Send this event.
    Event(Arc<Live>),
}

/// An event that was committed just now, shared by all of its recipients.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) told: Told,
    pub(super) committed: Instant,
}

/// The reason for which the server closes a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The server stops.
    Stopping,
    /// The person has more streams than the limit.
    Crowded,
}

/// The part of a registration that the hub uses.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) sign_in: TokenHash,
    inbox: Mutex<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    close: Option<Farewell>,
    look: bool,
    events: VecDeque<Arc<Live>>,
    waker: Option<Waker>,
}

impl Place {
    pub(super) fn new(sign_in: TokenHash) -> Self {
        Self {
            sign_in,
            inbox: Mutex::default(),
        }
    }

    pub(super) fn tell(&self, event: &Arc<Live>) {
        self.change(|inbox| {
            if inbox.events.len() < MOST_WAITING {
                inbox.events.push_back(Arc::clone(event));
            } else {
                // All dropped events are in the log.
                inbox.events = VecDeque::new();
                inbox.look = true;
            }
        });
    }

    pub(super) fn look(&self) {
        self.change(|inbox| inbox.look = true);
    }

    pub(super) fn close(&self, farewell: Farewell) {
        self.change(|inbox| {
            inbox.close.get_or_insert(farewell);
        });
    }

    pub(super) fn is_closing(&self) -> bool {
        self.lock().close.is_some()
    }

    fn change(&self, change: impl FnOnce(&mut Inbox)) {
        let mut inbox = self.lock();
        change(&mut inbox);
        let waker = inbox.waker.take();
        drop(inbox);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        // No operation under the lock can leave the inbox in a partial state.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registered stream. Dropping it unregisters the stream.
#[derive(Debug)]
#[must_use = "dropping it unregisters the stream"]
pub(crate) struct Seat {
    pub(super) hub: Hub,
    pub(super) person: UserId,
    pub(super) place: Arc<Place>,
}

impl Seat {
    /// Returns the position up to which the hub has delivered all events; see [`Hub::head`].
    pub(super) fn head(&self) -> u64 {
        self.hub.head()
    }

    /// Returns the next item, or registers the task to be woken when there is one. Events are returned only if `events`
    /// is set.
    pub(super) fn poll_next(&self, context: &Context<'_>, events: bool) -> Poll<Item> {
        let mut inbox = self.place.lock();
        if let Some(farewell) = inbox.close {
            return Poll::Ready(Item::Close(farewell));
        }
        if std::mem::take(&mut inbox.look) {
            return Poll::Ready(Item::Look);
        }
        if events {
            if let Some(event) = inbox.events.pop_front() {
                return Poll::Ready(Item::Event(event));
            }
            // Thousands of streams wait with an empty inbox, so they keep little memory.
            inbox.events.shrink_to(FEW);
        }
        match &mut inbox.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
impl Seat {
    /// Waits for the next event and returns its position.
    pub(crate) async fn told(&self) -> u64 {
        std::future::poll_fn(|context| match self.poll_next(context, true) {
            Poll::Ready(Item::Event(live)) => Poll::Ready(live.told.seq),
            Poll::Ready(other) => panic!("{other:?}"),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(self.person, &self.place);
    }
}
