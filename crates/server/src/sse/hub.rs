//! The registry of open streams, and the delivery of events to them. Only events that are in the log already are
//! delivered.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use wire::UserId;

use super::frame::Told;
use super::seat::{Farewell, Live, Place, Seat};
use crate::store::outbox::Audience;
use crate::store::sign_ins::TokenHash;

/// Delivers committed events to the streams of their recipients. Clones share the registry.
#[derive(Clone, Debug)]
pub(crate) struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    /// The position up to which all events of the log were delivered.
    head: AtomicU64,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Table {
    /// The streams of each person, oldest first. An event is delivered without a search through the streams of other
    /// people.
    people: HashMap<UserId, Vec<Arc<Place>>>,
    stopping: bool,
}

/// An event of a change, and its recipients.
#[derive(Debug)]
pub(crate) struct Announcement {
    pub(crate) event: Told,
    pub(crate) audience: Audience,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            table: Mutex::default(),
            head: AtomicU64::new(0),
            count: watch::Sender::new(0),
        }))
    }

    /// Sets the position of the log before the first stream is registered.
    pub(crate) fn begin_at(&self, head: u64) {
        self.0.head.store(head, Ordering::Release);
    }

    /// Registers a stream of this person until the seat is dropped. If the person then has more than `most` streams,
    /// the oldest is closed, because it most likely belongs to a tab that is no longer in use.
    pub(crate) fn take_seat(&self, person: UserId, sign_in: TokenHash, most: usize) -> Seat {
        let place = Arc::new(Place::new(sign_in));
        let mut table = self.lock();
        if table.stopping {
            place.close(Farewell::Stopping);
        }
        let places = table.people.entry(person).or_default();
        places.push(Arc::clone(&place));
        let staying: Vec<_> = places.iter().filter(|place| !place.is_closing()).collect();
        let crowded = staying.len().saturating_sub(most);
        for oldest in staying.into_iter().take(crowded) {
            oldest.close(Farewell::Crowded);
        }
        self.0.count.send_modify(|count| *count += 1);
        drop(table);
        Seat {
            hub: self.clone(),
            person,
            place,
        }
    }

    /// Delivers the events of a commit. Must be called once for each change, in the order of the log. `nudged` contains
    /// the people whose sign-ins changed. Their streams check the sign-in before they send these or later events.
    pub(crate) fn publish(&self, announcements: Vec<Announcement>, nudged: &BTreeSet<UserId>, committed: Instant) {
        let table = self.lock();
        let (first, last) = (announcements.first(), announcements.last());
        if first.is_some_and(|first| first.event.seq != self.head() + 1) {
            // Another process has written to the log meanwhile. Its events come first.
            table.everybody().for_each(|place| place.look());
        }
        for place in nudged.iter().flat_map(|person| table.of(*person)) {
            place.look();
        }
        let last = last.map(|last| last.event.seq);
        for Announcement { event, audience } in announcements {
            let live = Live { told: event, committed };
            let event = Arc::new(live);
            match audience {
                Audience::People(people) => {
                    let places = people.iter().flat_map(|person| table.of(*person));
                    places.for_each(|place| place.tell(&event));
                }
                Audience::Everyone => table.everybody().for_each(|place| place.tell(&event)),
            }
        }
        if let Some(last) = last {
            self.0.head.fetch_max(last, Ordering::Release);
        }
    }

    /// Returns the position up to which all events of the log were delivered. A stream that reads this and then finds
    /// its inbox empty has received all events up to here.
    pub(super) fn head(&self) -> u64 {
        self.0.head.load(Ordering::Acquire)
    }

    /// Makes all streams read the log if it is further than the delivered events, because another process wrote to it.
    pub(super) fn look_beyond(&self, head: u64) {
        if head > self.head() {
            let table = self.lock();
            table.everybody().for_each(|place| place.look());
            self.0.head.fetch_max(head, Ordering::Release);
        }
    }

    /// Returns the sign-ins of all streams.
    pub(super) fn sign_ins(&self) -> BTreeSet<TokenHash> {
        self.lock().everybody().map(|place| place.sign_in).collect()
    }

    /// Makes the streams of all other sign-ins check whether their sign-in is still valid.
    pub(super) fn look_unless(&self, living: &BTreeSet<TokenHash>) {
        let table = self.lock();
        let others = table.everybody().filter(|place| !living.contains(&place.sign_in));
        others.for_each(|place| place.look());
    }

    /// Closes all streams, including those that are opened later.
    pub(crate) fn stop(&self) {
        let mut table = self.lock();
        table.stopping = true;
        table.everybody().for_each(|place| place.close(Farewell::Stopping));
    }

    /// Returns a receiver of the number of open streams.
    pub(crate) fn count(&self) -> watch::Receiver<usize> {
        self.0.count.subscribe()
    }

    pub(super) fn leave(&self, person: UserId, place: &Arc<Place>) {
        let mut table = self.lock();
        // Removes the stream under the lock under which streams are added. A stream that opens at the same time either
        // finds the entry of its person or creates a new one, and is never removed together with the old entry.
        if let Some(places) = table.people.get_mut(&person) {
            places.retain(|other| !Arc::ptr_eq(other, place));
            if places.is_empty() {
                table.people.remove(&person);
            }
        }
        self.0.count.send_modify(|count| *count -= 1);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // No operation under the lock can leave the table in a partial state.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn of(&self, person: UserId) -> &[Arc<Place>] {
        self.people.get(&person).map_or(&[], Vec::as_slice)
    }

    fn everybody(&self) -> impl Iterator<Item = &Arc<Place>> {
        self.people.values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::task::{Context, Poll, Waker};
    use std::time::Instant;

    use wire::{EventKind, UserId};

    use super::super::frame::Told;
    use super::super::seat::{Farewell, Item, Seat};
    use super::{Announcement, Audience, Hub};

    const ME: UserId = UserId::from_u128(1);
    const OTHER: UserId = UserId::from_u128(2);

    fn tell(hub: &Hub, seq: u64, person: UserId) {
        let event = Told::new("k", seq, EventKind::UserUpdated, "{}");
        let audience = Audience::People(vec![person]);
        hub.publish(vec![Announcement { event, audience }], &BTreeSet::new(), Instant::now());
    }

    /// Returns the contents of a stream's inbox: the positions of events, or instructions.
    fn waiting(seat: &Seat) -> Vec<String> {
        let context = Context::from_waker(Waker::noop());
        let mut waiting = Vec::new();
        loop {
            match seat.poll_next(&context, true) {
                Poll::Ready(Item::Event(event)) => waiting.push(event.told.seq.to_string()),
                Poll::Ready(Item::Look) => waiting.push("look".to_owned()),
                Poll::Ready(Item::Close(farewell)) => {
                    waiting.push(format!("{farewell:?}"));
                    return waiting;
                }
                Poll::Pending => return waiting,
            }
        }
    }

    #[test]
    fn event_reaches_only_its_people() {
        let hub = Hub::new();
        let (mine, again) = (hub.take_seat(ME, [0; 32], 9), hub.take_seat(ME, [0; 32], 9));
        let theirs = hub.take_seat(OTHER, [0; 32], 9);
        tell(&hub, 1, ME);
        tell(&hub, 2, OTHER);
        assert_eq!(
            (waiting(&mine), waiting(&again)),
            (vec!["1".to_owned()], vec!["1".to_owned()])
        );
        assert_eq!(waiting(&theirs), ["2"]);
        assert_eq!(hub.head(), 2);
    }

    #[test]
    fn slow_stream_continues_from_log() {
        let hub = Hub::new();
        let seat = hub.take_seat(ME, [0; 32], 9);
        for seq in 1..=65 {
            tell(&hub, seq, ME);
        }
        assert_eq!(waiting(&seat), ["look"]);
        tell(&hub, 66, ME);
        assert_eq!(waiting(&seat), ["66"]);
    }

    #[test]
    fn sign_in_is_revalidated_before_sending() {
        let hub = Hub::new();
        let seat = hub.take_seat(ME, [0; 32], 9);
        tell(&hub, 1, ME);
        hub.publish(vec![], &BTreeSet::from([ME]), Instant::now());
        tell(&hub, 2, ME);
        assert_eq!(waiting(&seat), ["look", "1", "2"]);
    }

    #[test]
    fn what_another_process_wrote_is_looked_for() {
        let hub = Hub::new();
        hub.begin_at(5);
        let seat = hub.take_seat(ME, [0; 32], 9);
        tell(&hub, 6, OTHER);
        hub.look_beyond(6);
        assert_eq!(waiting(&seat), [""; 0]);
        tell(&hub, 9, OTHER);
        assert_eq!(waiting(&seat), ["look"]);
        hub.look_beyond(10);
        assert_eq!(waiting(&seat), ["look"]);
        hub.look_beyond(10);
        assert_eq!(waiting(&seat), [""; 0]);
    }

    #[test]
    fn oldest_stream_is_closed_at_limit() {
        let hub = Hub::new();
        let mut seats: Vec<_> = (0..4).map(|_| hub.take_seat(ME, [0; 32], 2)).collect();
        let theirs = hub.take_seat(OTHER, [0; 32], 2);
        let crowded = format!("{:?}", Farewell::Crowded);
        let closing: Vec<_> = seats.iter().map(|seat| waiting(seat) == [crowded.clone()]).collect();
        assert_eq!(closing, [true, true, false, false]);
        assert_eq!(waiting(&theirs), [""; 0]);
        seats.truncate(3);
        drop(hub.take_seat(ME, [0; 32], 2));
        assert_eq!(waiting(&seats[2]), [""; 0], "there was room again");
    }

    #[test]
    fn ten_thousand_subscriptions_leave_none_behind() {
        let hub = Hub::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_500 {
                        let seat = hub.take_seat(ME, [0; 32], 9);
                        assert!(hub.lock().people.contains_key(&ME));
                        drop(seat);
                    }
                });
            }
        });
        assert_eq!(*hub.count().borrow(), 0);
        assert!(hub.lock().people.is_empty());
    }

    #[test]
    fn stream_opened_during_shutdown_is_closed() {
        let hub = Hub::new();
        let before = hub.take_seat(ME, [0; 32], 9);
        hub.stop();
        let after = hub.take_seat(ME, [0; 32], 9);
        assert_eq!(
            (waiting(&before), waiting(&after)),
            (vec!["Stopping".to_owned()], vec!["Stopping".to_owned()])
        );
    }
}
