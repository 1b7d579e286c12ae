//! How often one may try: sign-ins per network address and email address, streams per person.

use std::hash::Hash;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use wire::UserId;

use super::Address;
use crate::error::Error;
use crate::state::Tuning;

/// How many people behind one network address may try at the same time.
const PEOPLE_PER_ADDRESS: u32 = 6;

/// From how many network addresses' worth of attempts one email address is closed to everybody.
///
/// Much looser than the limit per address: whoever knows an email address must not be able to keep its owner out, and
/// many guessers together must not be able to guess without end.
const ADDRESSES_PER_EMAIL: u32 = 20;

/// Counts attempts. A minute's worth may come at once; then they come back one by one.
#[derive(Debug)]
pub(crate) struct Limits {
    by_address: DefaultKeyedRateLimiter<Address>,
    by_email_and_address: DefaultKeyedRateLimiter<(String, Address)>,
    by_email: DefaultKeyedRateLimiter<String>,
    streams: DefaultKeyedRateLimiter<(UserId, Address)>,
}

impl Limits {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        let sign_ins = at_least_one(tuning.sign_ins_per_minute);
        let times = |factor| Quota::per_minute(sign_ins.saturating_mul(at_least_one(factor)));
        Self {
            by_address: RateLimiter::keyed(times(PEOPLE_PER_ADDRESS)),
            by_email_and_address: RateLimiter::keyed(Quota::per_minute(sign_ins)),
            by_email: RateLimiter::keyed(times(ADDRESSES_PER_EMAIL)),
            streams: RateLimiter::keyed(Quota::per_minute(at_least_one(tuning.streams_per_minute))),
        }
    }

    /// Counts a sign-in. Before the password is looked at: guesses that run at the same time count as well.
    pub(crate) fn sign_in(&self, from: Address, email: &str) -> Result<(), Error> {
        let email = email.to_lowercase();
        check(&self.by_address, &from)?;
        check(&self.by_email_and_address, &(email.clone(), from))?;
        check(&self.by_email, &email)
    }

    /// Counts the opening of a stream.
    pub(crate) fn stream(&self, person: UserId, from: Address) -> Result<(), Error> {
        check(&self.streams, &(person, from))
    }

    /// Forgets who has not tried for a while, so that the tables do not grow with every address ever seen.
    pub(crate) fn forget_idle(&self) {
        self.by_address.retain_recent();
        self.by_email_and_address.retain_recent();
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
    use std::net::{IpAddr, Ipv4Addr};

    use super::{ADDRESSES_PER_EMAIL, Limits};
    use crate::auth::Address;
    use crate::error::Error;
    use crate::state::Tuning;

    fn limits(sign_ins_per_minute: u32) -> Limits {
        Limits::new(&Tuning {
            sign_ins_per_minute,
            ..Tuning::default()
        })
    }

    fn address(number: u32) -> Address {
        IpAddr::V4(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn each_email_address_has_attempts_of_its_own_and_capitals_do_not_help() {
        let (limits, from) = (limits(2), address(1));
        assert!(limits.sign_in(from, "a@example.com").is_ok());
        assert!(limits.sign_in(from, "A@example.com").is_ok());
        assert!(matches!(
            limits.sign_in(from, "a@EXAMPLE.com"),
            Err(Error::TooManyRequests(1..=31))
        ));
        assert!(limits.sign_in(from, "b@example.com").is_ok());
    }

    #[test]
    fn a_guesser_elsewhere_does_not_keep_the_owner_out() {
        let limits = limits(2);
        for _ in 0..10 {
            drop(limits.sign_in(address(1), "a@example.com"));
        }
        assert!(limits.sign_in(address(2), "a@example.com").is_ok());
    }

    #[test]
    fn many_guessers_together_are_stopped_as_well() {
        let limits = limits(1);
        let allowed = (0..100).filter(|number| limits.sign_in(address(*number), "a@example.com").is_ok());
        assert_eq!(allowed.count(), usize::try_from(ADDRESSES_PER_EMAIL).unwrap());
    }
}
