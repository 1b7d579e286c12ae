//! How often one may try: sign-ins per network address and per email address, streams per person.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use wire::UserId;

use crate::error::Error;
use crate::state::Tuning;

/// How many people behind one network address may try at the same time.
const PEOPLE_PER_ADDRESS: u32 = 6;

/// A network address as far as it stands for one household: an IPv6 address without its lower half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address(IpAddr);

impl From<SocketAddr> for Address {
    fn from(socket: SocketAddr) -> Self {
        Self(match socket.ip() {
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(ip) => IpAddr::V4(ip),
                None => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
            },
            ip @ IpAddr::V4(_) => ip,
        })
    }
}

/// Counts attempts. A minute's worth may come at once; then they come back one by one.
#[derive(Debug)]
pub(crate) struct Limits {
    by_address: DefaultKeyedRateLimiter<Address>,
    by_email: DefaultKeyedRateLimiter<String>,
    streams: DefaultKeyedRateLimiter<(UserId, Address)>,
}

impl Limits {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        let sign_ins = at_least_one(tuning.sign_ins_per_minute);
        Self {
            by_address: RateLimiter::keyed(Quota::per_minute(at_least_one(
                sign_ins.get().saturating_mul(PEOPLE_PER_ADDRESS),
            ))),
            by_email: RateLimiter::keyed(Quota::per_minute(sign_ins)),
            streams: RateLimiter::keyed(Quota::per_minute(at_least_one(tuning.streams_per_minute))),
        }
    }

    /// Counts a sign-in. Before the password is looked at: guesses that run at the same time count as well.
    pub(crate) fn sign_in(&self, from: Address, email: &str) -> Result<(), Error> {
        check(&self.by_address, &from)?;
        check(&self.by_email, &email.to_lowercase())
    }

    /// Counts the opening of a stream.
    pub(crate) fn stream(&self, person: UserId, from: Address) -> Result<(), Error> {
        check(&self.streams, &(person, from))
    }

    /// Forgets who has not tried for a while, so that the tables do not grow with every address ever seen.
    pub(crate) fn forget_idle(&self) {
        self.by_address.retain_recent();
        self.by_email.retain_recent();
        self.streams.retain_recent();
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

fn check<K: Clone + Hash + Eq>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Error> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        // Rounded up: one second early is refused again.
        Error::TooManyRequests(wait.as_secs() + 1)
    })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Address, Limits};
    use crate::error::Error;
    use crate::state::Tuning;

    fn address(text: &str) -> Address {
        Address::from(text.parse::<SocketAddr>().unwrap())
    }

    #[test]
    fn one_ipv6_household_is_one_address() {
        assert_eq!(address("[2001:db8::1]:1"), address("[2001:db8::2]:9"));
        assert_ne!(address("[2001:db8::1]:1"), address("[2001:db8:0:1::1]:1"));
        assert_eq!(address("[::ffff:10.0.0.1]:1"), address("10.0.0.1:2"));
    }

    #[test]
    fn each_email_address_has_attempts_of_its_own_and_capitals_do_not_help() {
        let limits = Limits::new(&Tuning {
            sign_ins_per_minute: 2,
            ..Tuning::default()
        });
        let from = address("10.0.0.1:1");
        assert!(limits.sign_in(from, "a@example.com").is_ok());
        assert!(limits.sign_in(from, "A@example.com").is_ok());
        assert!(matches!(
            limits.sign_in(from, "a@EXAMPLE.com"),
            Err(Error::TooManyRequests(1..=31))
        ));
        assert!(limits.sign_in(from, "b@example.com").is_ok());
    }
}
