//! The count of sent and received messages.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Add;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::timeout;

/// The time for which [`Tally::settled`] waits for a further message.
const GRACE: Duration = Duration::from_secs(10);

/// The count of sent and received messages. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Tally(Rc<Counted>);

#[derive(Debug)]
struct Counted {
    /// The sent messages, each with its time and its stream. `None` stands for all streams.
    sent: RefCell<HashMap<u64, (Instant, Option<usize>)>>,
    delays: RefCell<Vec<Duration>>,
    /// The last position of the log that each stream has received.
    last: RefCell<Vec<u64>>,
    expected: Cell<usize>,
    flaws: Cell<Flaws>,
    came: Notify,
}

/// The numbers of delivery errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flaws {
    /// Messages that were not received.
    pub(crate) lost: usize,
    /// Messages that were received twice, or after a later one.
    pub(crate) doubled: usize,
    /// Messages that a wrong stream received, or that were never sent.
    pub(crate) astray: usize,
}

impl Add for Flaws {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lost: self.lost + other.lost,
            doubled: self.doubled + other.doubled,
            astray: self.astray + other.astray,
        }
    }
}

impl Tally {
    pub(crate) fn new(streams: usize) -> Self {
        Self(Rc::new(Counted {
            sent: RefCell::default(),
            delays: RefCell::default(),
            last: RefCell::new(vec![0; streams]),
            expected: Cell::default(),
            flaws: Cell::default(),
            came: Notify::new(),
        }))
    }

    /// Counts a message that is sent now, to one stream or to all.
    pub(crate) fn send(&self, message: u64, to: Option<usize>) {
        let streams = self.0.last.borrow().len();
        let receipts = if to.is_some() { 1 } else { streams };
        self.0.expected.set(self.0.expected.get() + receipts);
        self.0.sent.borrow_mut().insert(message, (Instant::now(), to));
    }

    /// Counts a message that a stream received, at this position of the log.
    pub(crate) fn came(&self, stream: usize, seq: u64, message: u64) {
        let now = Instant::now();
        let last = std::mem::replace(&mut self.0.last.borrow_mut()[stream], seq);
        let sent = self.0.sent.borrow().get(&message).copied();
        let mut flaws = self.0.flaws.get();
        match sent {
            _ if seq <= last => flaws.doubled += 1,
            Some((at, to)) if to.is_none_or(|to| to == stream) => {
                self.0.delays.borrow_mut().push(now.saturating_duration_since(at));
                self.0.came.notify_one();
            }
            _ => flaws.astray += 1,
        }
        self.0.flaws.set(flaws);
    }

    /// Waits until all sent messages are received, or until no further message arrives.
    pub(crate) async fn settled(&self) {
        while self.0.delays.borrow().len() < self.0.expected.get() {
            if timeout(GRACE, self.0.came.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Returns the delay of each message, shortest first, and the errors. Resets the count.
    pub(crate) fn take(&self) -> (Vec<Duration>, Flaws) {
        let mut delays = self.0.delays.take();
        delays.sort_unstable();
        let mut flaws = self.0.flaws.take();
        flaws.lost = self.0.expected.take().saturating_sub(delays.len());
        self.0.sent.take();
        (delays, flaws)
    }
}

#[cfg(test)]
mod tests {
    use super::{Flaws, Tally};

    #[test]
    fn tally_expects_each_message_once() {
        let tally = Tally::new(3);
        tally.send(1, None);
        for stream in 0..3 {
            tally.came(stream, 1, 1);
        }
        tally.send(77, Some(1));
        tally.came(1, 2, 77);
        let (delays, flaws) = tally.take();
        assert_eq!((delays.len(), flaws), (4, Flaws::default()));

        tally.send(3, None);
        tally.came(0, 3, 3);
        tally.came(0, 3, 3);
        tally.send(78, Some(1));
        tally.came(2, 4, 78);
        tally.came(2, 9, 79);
        let flaws = Flaws {
            lost: 3,
            doubled: 1,
            astray: 2,
        };
        let (delays, found) = tally.take();
        assert_eq!((delays.len(), found), (1, flaws));
    }
}
