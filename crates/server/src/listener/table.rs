//! The table of connections: their number, their addresses, and the choice of connections to end when there are too
//! many.
//!
//! Every connection is an open file, and the system limits the open files of a process. Some of them are reserved for
//! the database and the files of the app, and some for health checks and streams. An idle connection loses its place to
//! a new one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::auth::{Address, Household};

use super::exchange::Exchange;

/// The number of files that are not connections: the database, the app, the log.
const OWN_FILES: u64 = 64;

/// The minimum number of connections, even if the limit on files is lower.
const FEWEST: u64 = 8;

/// The maximum number of places that are reserved for health checks and streams.
const RESERVE: usize = 256;

/// The maximum number of connections of one network address, unless another is configured.
const PER_ADDRESS: usize = 512;

/// The minimum time for which an idle connection keeps its place. A new connection needs time to send its request, and
/// a response needs time to leave.
const KEPT: Duration = Duration::from_secs(1);

/// The time for which the result is cached that no connection can be ended.
const BELIEVED: Duration = Duration::from_millis(50);

/// The maximum numbers of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// The maximum in total.
    most: usize,
    /// The maximum for anything except for health checks and streams.
    ordinary: usize,
    /// The maximum for one network address.
    per_address: usize,
}

impl Capacity {
    /// Returns the capacity for the process's limit on open files. `per_address` is the configured value.
    pub(crate) fn of_this_process(per_address: Option<usize>) -> Self {
        // The default is the usual limit, for systems that do not report one.
        Self::of(rlimit::Resource::NOFILE.get_soft().unwrap_or(1_024), per_address)
    }

    fn of(files: u64, per_address: Option<usize>) -> Self {
        let most = files.saturating_sub(OWN_FILES).max(FEWEST);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let ordinary = most - (most / 8).min(RESERVE);
        Self {
            most,
            ordinary,
            // At most half of the ordinary places, so that one address can not take all of them.
            per_address: per_address.unwrap_or_else(|| PER_ADDRESS.min(ordinary / 2)).max(1),
        }
    }
}

/// The reason for which a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The network address has the maximum number of connections.
    Address,
    /// There is the maximum number of connections in total.
    Full,
}

impl Refusal {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Full => "full",
        }
    }
}

/// All connections. Clones share the table.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    capacity: Capacity,
    /// The addresses of proxies. They have no limit per address, because each proxy serves many clients.
    proxies: Vec<IpAddr>,
    began: Instant,
    table: Mutex<Table>,
    /// Notified when an evicted connection is closed.
    closed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<u64, Open>,
    /// The number of evicted connections that are not closed yet. Each of them still is an open file.
    evicted: usize,
    counts: HashMap<Household, usize>,
    next: u64,
    /// The end of the time for which the result is cached that no connection can be ended: in total, and for an address
    /// with too many connections.
    believed: [Option<Instant>; 2],
}

#[derive(Debug)]
struct Open {
    exchange: Arc<Exchange>,
    /// The network address; `None` for a proxy.
    address: Option<Household>,
}

impl Connections {
    pub(crate) fn new(capacity: Capacity, proxies: &[IpAddr]) -> Self {
        Self(Arc::new(Shared {
            capacity,
            proxies: proxies.iter().map(IpAddr::to_canonical).collect(),
            began: Instant::now(),
            table: Mutex::default(),
            closed: Notify::new(),
        }))
    }

    /// Returns the milliseconds since the server started.
    pub(super) fn clock(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns whether places of the reserve are in use.
    pub(super) fn is_full(&self) -> bool {
        self.lock().open.len() > self.0.capacity.ordinary
    }

    /// Admits a connection from this address. Ends idle connections if there is no room.
    pub(super) fn admit(&self, ip: IpAddr) -> Result<Seat, Refusal> {
        let ip = ip.to_canonical();
        let address = (!self.0.proxies.contains(&ip)).then(|| Address::from(ip).household());
        let Capacity {
            most,
            ordinary,
            per_address,
        } = self.0.capacity;
        let mut table = self.lock();
        if let Some(address) = address
            && table.counts.get(&address).is_some_and(|count| *count >= per_address)
            && !table.make_room(self.clock(), Some(address), per_address)
        {
            return Err(Refusal::Address);
        }
        let is_reserve = table.open.len() >= ordinary && !table.make_room(self.clock(), None, ordinary);
        if is_reserve && table.open.len() >= most {
            return Err(Refusal::Full);
        }
        let exchange = Arc::new(Exchange::new(self.clone(), is_reserve));
        let id = table.next;
        table.next += 1;
        if let Some(address) = address {
            *table.counts.entry(address).or_default() += 1;
        }
        let open = Open {
            exchange: Arc::clone(&exchange),
            address,
        };
        table.open.insert(id, open);
        drop(table);
        Ok(Seat {
            connections: self.clone(),
            id,
            exchange,
        })
    }

    /// Ends some idle connections, because the system has no more files although the capacity is not exceeded.
    pub(super) fn evict_some(&self) {
        let mut table = self.lock();
        table.make_room(self.clock(), None, self.0.capacity.ordinary);
    }

    /// Waits until all evicted connections are closed.
    pub(super) async fn evicted_are_closed(&self) {
        while self.lock().evicted > 0 {
            self.0.closed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // No operation under the lock can leave the table in a partial state.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Ends the connections that have been idle for longest. Ends several at once, so that the next calls need no
    /// search. Returns whether any were ended.
    fn make_room(&mut self, clock: u64, of: Option<Household>, capacity: usize) -> bool {
        let now = Instant::now();
        if self.believed[usize::from(of.is_some())].is_some_and(|until| now < until) {
            return false;
        }
        let kept = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
        let waiting = self.open.iter().filter(|(_, open)| of.is_none() || open.address == of);
        let waiting = waiting.filter_map(|(id, open)| Some((open.exchange.waiting_since()?, *id)));
        let mut waiting: Vec<_> = waiting.filter(|(since, _)| since + kept <= clock).collect();
        waiting.sort_unstable();
        let most = (capacity / 16).max(1);
        let mut evicted = 0;
        for (_, id) in waiting {
            if evicted < most && self.open.get(&id).is_some_and(|open| open.exchange.evict()) {
                self.remove(id);
                evicted += 1;
            }
        }
        self.evicted += evicted;
        if evicted == 0 {
            self.believed[usize::from(of.is_some())] = Some(now + BELIEVED);
        }
        evicted > 0
    }

    fn remove(&mut self, id: u64) -> Option<Open> {
        let open = self.open.remove(&id)?;
        if let Some(address) = open.address
            && let Some(count) = self.counts.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&address);
            }
        }
        Some(open)
    }
}

/// The place of a connection, which is freed on drop.
#[derive(Debug)]
pub(crate) struct Seat {
    connections: Connections,
    id: u64,
    pub(super) exchange: Arc<Exchange>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        if table.remove(self.id).is_none() {
            table.evicted -= 1;
            self.connections.0.closed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::{Capacity, Connections, Refusal};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn files_leave_room_for_connections() {
        let shares = |files, configured| {
            let Capacity {
                most,
                ordinary,
                per_address,
            } = Capacity::of(files, configured);
            (most, ordinary, per_address)
        };
        assert_eq!(shares(16_384, None), (16_320, 16_064, 512));
        assert_eq!(shares(200, None), (136, 119, 59));
        assert_eq!(shares(0, None), (8, 7, 3));
        assert_eq!(shares(200, Some(1_000)), (136, 119, 1_000));
    }

    #[test]
    fn one_address_leaves_places_to_others() {
        let connections = Connections::new(Capacity::of(80, Some(3)), &[ip("10.0.0.1")]);
        let mut seats: Vec<_> = (0..3).map(|_| connections.admit(ip("2001:db8::1")).unwrap()).collect();
        // IPv6 addresses of one /64 count together.
        assert_eq!(connections.admit(ip("2001:db8::2")).unwrap_err(), Refusal::Address);
        assert!(connections.admit(ip("2001:db8:0:1::1")).is_ok());
        drop(seats.pop());
        assert!(connections.admit(ip("2001:db8::2")).is_ok());
        // A proxy serves many clients.
        seats.extend((0..13).map(|_| connections.admit(ip("::ffff:10.0.0.1")).unwrap()));
        assert!(connections.is_full(), "the last places are a reserve");
        seats.push(connections.admit(ip("10.0.0.2")).unwrap());
        assert_eq!(connections.admit(ip("10.0.0.3")).unwrap_err(), Refusal::Full);
        seats.clear();
        assert!(!connections.is_full());
        assert!(connections.lock().counts.is_empty());
    }

    #[test]
    fn evicted_connections_count_until_they_are_closed() {
        let connections = Connections::new(Capacity::of(80, None), &[]);
        let seats = [(); 2].map(|()| connections.admit(ip("10.0.0.1")).unwrap());
        for _ in &seats {
            assert!(connections.lock().make_room(u64::MAX, None, 1));
        }
        let mut closed = pin!(connections.evicted_are_closed());
        for seat in seats {
            assert!(closed.as_mut().now_or_never().is_none());
            drop(seat);
        }
        assert!(closed.now_or_never().is_some());
    }
}
