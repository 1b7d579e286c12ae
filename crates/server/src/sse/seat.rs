//! One stream's place among the listeners: what waits for it, and how its task is woken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use wire::UserId;

use super::frame::Told;
use super::hub::Hub;
use crate::store::sign_ins::TokenHash;

/// How many events wait for a reader. One that is slower than that reads on in the log.
const MOST_WAITING: usize = 64;

/// For how many of them room is kept while none waits.
const FEW: usize = 4;

/// What a stream is to do next.
#[derive(Debug)]
pub(super) enum Item {
    /// Say goodbye and end. Comes before everything else.
    Close(Farewell),
    /// Look at the log and at the sign-in: something is there, or has changed, that is not told here.
    Look,
    /// Send this.
    Event(Arc<Live>),
}

/// An event that was committed a moment ago. Everybody who is told shares it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) told: Told,
    pub(super) committed: Instant,
}

/// Why the server closes a stream that could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The server stops.
    Stopping,
    /// The same person has opened more streams than they may have.
    Crowded,
}

/// A place as the hub sees it.
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
                // All of them are in the log.
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
        // Nothing that runs under the lock can leave the inbox half-written.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registered stream. Dropping it, however that comes about, unregisters it.
#[derive(Debug)]
#[must_use = "dropping it unregisters the stream"]
pub(crate) struct Seat {
    pub(super) hub: Hub,
    pub(super) person: UserId,
    pub(super) place: Arc<Place>,
}

impl Seat {
    /// How far the hub has told everybody; see [`Hub::head`].
    pub(super) fn head(&self) -> u64 {
        self.hub.head()
    }

    /// The next thing to do; wakes the task once there is one. Events wait until they are wanted.
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
            // Thousands of streams wait, each mostly for nothing.
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
    /// Waits for the next event; its position.
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
