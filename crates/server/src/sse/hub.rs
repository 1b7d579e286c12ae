//! Who is listening, and how they are woken. Carries no events: those are in the log.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use wire::UserId;

/// Wakes the streams of people for whom something may have happened. Clones share the audience.
#[derive(Clone, Debug)]
pub(crate) struct Hub {
    people: Arc<Mutex<HashMap<UserId, Listener>>>,
    count: watch::Sender<usize>,
}

/// One person who listens, with however many streams.
#[derive(Debug)]
struct Listener {
    /// One channel per person: a change wakes the streams it concerns and no other.
    wake: watch::Sender<()>,
    seats: usize,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            people: Arc::default(),
            count: watch::Sender::new(0),
        }
    }

    /// Registers a stream of this person until the seat is dropped.
    pub(crate) fn take_seat(&self, person: UserId) -> Seat {
        let mut people = self.lock();
        let listener = people.entry(person).or_insert_with(|| Listener {
            wake: watch::Sender::new(()),
            seats: 0,
        });
        listener.seats += 1;
        let wake = listener.wake.subscribe();
        self.count.send_modify(|count| *count += 1);
        drop(people);
        Seat {
            hub: self.clone(),
            person,
            wake,
        }
    }

    /// Has every stream of these people look at the log again.
    pub(crate) fn wake(&self, people: &BTreeSet<UserId>) {
        let listening = self.lock();
        for listener in people.iter().filter_map(|person| listening.get(person)) {
            listener.wake.send_replace(());
        }
    }

    /// How many streams are open, now and from now on.
    pub(crate) fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    fn leave(&self, person: UserId) {
        let mut people = self.lock();
        // Counting and removing under one lock: a stream that opens at this moment either finds its person still
        // here or starts a new entry, and is never taken out with the old one.
        if let Some(listener) = people.get_mut(&person) {
            listener.seats -= 1;
            if listener.seats == 0 {
                people.remove(&person);
            }
        }
        self.count.send_modify(|count| *count -= 1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Listener>> {
        // Nothing that runs under the lock can leave the table half-written.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registered stream. Dropping it, however that comes about, unregisters it.
#[derive(Debug)]
#[must_use = "dropping it unregisters the stream"]
pub(crate) struct Seat {
    hub: Hub,
    person: UserId,
    wake: watch::Receiver<()>,
}

impl Seat {
    /// Marks everything up to now as noticed. To be called before the log is read, never after.
    pub(crate) fn notice(&mut self) {
        self.wake.mark_unchanged();
    }

    /// Waits until there may be something that was not there when [`Seat::notice`] was called.
    pub(crate) async fn woken(&mut self) {
        if self.wake.changed().await.is_err() {
            // The sender lives as long as a seat does.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(self.person);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wire::UserId;

    use super::Hub;

    #[tokio::test]
    async fn a_wake_up_between_notice_and_waiting_is_not_lost() {
        let hub = Hub::new();
        let (me, other) = (UserId::from_u128(1), UserId::from_u128(2));
        let mut seat = hub.take_seat(me);
        seat.notice();
        hub.wake(&BTreeSet::from([other]));
        assert!(!seat.wake.has_changed().unwrap(), "somebody else's");
        hub.wake(&BTreeSet::from([me]));
        seat.woken().await;
    }

    #[test]
    fn ten_thousand_seats_taken_and_left_at_once_leave_nobody_behind() {
        let hub = Hub::new();
        let me = UserId::from_u128(1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_500 {
                        let seat = hub.take_seat(me);
                        assert!(hub.lock().contains_key(&me));
                        drop(seat);
                    }
                });
            }
        });
        assert_eq!(*hub.count().borrow(), 0);
        assert!(hub.lock().is_empty());
    }
}
