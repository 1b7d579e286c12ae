//! Who is listening, and how they are told. What is told here is in the log already.

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

/// Hands what was committed to the streams of the people it is for. Clones share the audience.
#[derive(Clone, Debug)]
pub(crate) struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    /// Everything in the log up to here was handed to whoever it is for.
    head: AtomicU64,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Table {
    /// The streams of each person, the oldest first: an event finds the streams it concerns and no other.
    people: HashMap<UserId, Vec<Arc<Place>>>,
    stopping: bool,
}

/// What a change has to say, and to whom.
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

    /// Says where the log stands, before anybody listens.
    pub(crate) fn begin_at(&self, head: u64) {
        self.0.head.store(head, Ordering::Release);
    }

    /// Registers a stream of this person until the seat is dropped. If they then have more than `most`, the oldest is
    /// closed: it is the one that most likely belongs to a window nobody looks at any more.
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

    /// Tells what was committed. To be called once for each change, in the order of the log. `nudged` are the people
    /// whose sign-ins changed: their streams look before they send anything of this or of what comes later.
    pub(crate) fn publish(&self, announcements: Vec<Announcement>, nudged: &BTreeSet<UserId>, committed: Instant) {
        let table = self.lock();
        let (first, last) = (announcements.first(), announcements.last());
        if first.is_some_and(|first| first.event.seq != self.head() + 1) {
            // Another process has written into the log meanwhile. What it wrote comes first.
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

    /// Everything in the log up to here was handed to whoever it is for: a stream that reads this and then finds
    /// nothing waiting has been told everything up to here.
    pub(super) fn head(&self) -> u64 {
        self.0.head.load(Ordering::Acquire)
    }

    /// Has every stream look at the log if it is further than what was told here: somebody else writes into it.
    pub(super) fn look_beyond(&self, head: u64) {
        if head > self.head() {
            let table = self.lock();
            table.everybody().for_each(|place| place.look());
            self.0.head.fetch_max(head, Ordering::Release);
        }
    }

    /// The sign-ins behind all streams.
    pub(super) fn sign_ins(&self) -> BTreeSet<TokenHash> {
        self.lock().everybody().map(|place| place.sign_in).collect()
    }

    /// Has the streams of all other sign-ins look whether theirs still lives.
    pub(super) fn look_unless(&self, living: &BTreeSet<TokenHash>) {
        let table = self.lock();
        let others = table.everybody().filter(|place| !living.contains(&place.sign_in));
        others.for_each(|place| place.look());
    }

    /// Closes every stream, and every one that is opened from now on.
    pub(crate) fn stop(&self) {
        let mut table = self.lock();
        table.stopping = true;
        table.everybody().for_each(|place| place.close(Farewell::Stopping));
    }

    /// How many streams are open, now and from now on.
    pub(crate) fn count(&self) -> watch::Receiver<usize> {
        self.0.count.subscribe()
    }

    pub(super) fn leave(&self, person: UserId, place: &Arc<Place>) {
        let mut table = self.lock();
        // Removing under the lock under which it was added: a stream that opens at this moment either finds its person
        // still here or starts a new entry, and is never taken out with the old one.
        if let Some(places) = table.people.get_mut(&person) {
            places.retain(|other| !Arc::ptr_eq(other, place));
            if places.is_empty() {
                table.people.remove(&person);
            }
        }
        self.0.count.send_modify(|count| *count -= 1);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing that runs under the lock can leave the table half-written.
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

    /// What waits for a stream: positions, or what it is to do.
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
