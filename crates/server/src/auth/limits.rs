//! Rate limits: sign-ins for each account, device and network address, confirmations with the password, and streams for
//! each person.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest as _, Sha256};
use wire::UserId;

use super::Address;
use super::address::{Household, Site};
use super::failures::Failures;
use crate::error::Error;
use crate::rate::{at_least_one, check, too_many};
use crate::state::Tuning;
use crate::store::sign_ins::TokenHash;

/// The number of people in one household who can sign in at the same time.
const PEOPLE_PER_HOUSEHOLD: u32 = 6;

/// The number of households in one /48 of IPv6 that can sign in at the same time.
const HOUSEHOLDS_PER_SITE: u32 = 4;

/// The number of email addresses that one person can try to take at once. Each attempt reveals whether an account has
/// the address.
const ADDRESSES_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

/// The time after which one more attempt is allowed.
const ADDRESSES_EVERY: Duration = Duration::from_secs(12 * 60);

/// The hash of an email address. Long invented addresses take no more memory than others.
type EmailHash = [u8; 32];

/// The counters of attempts. The attempts of a per-minute limit can be made at once; afterwards they become available
/// again one by one.
#[derive(Debug)]
pub(crate) struct Limits {
    by_household: DefaultKeyedRateLimiter<Household>,
    by_site: DefaultKeyedRateLimiter<Site>,
    by_email_and_household: DefaultKeyedRateLimiter<(EmailHash, Household)>,
    by_email: Failures<EmailHash>,
    by_device: Failures<TokenHash>,
    confirmations: Failures<UserId>,
    addresses: DefaultKeyedRateLimiter<UserId>,
    streams: DefaultKeyedRateLimiter<(UserId, Household)>,
}

/// An accepted attempt. It counts as a failure until [`Limits::succeeded`] is called.
#[derive(Debug)]
#[must_use = "a right attempt that is not said to have succeeded counts as a failure"]
pub(crate) enum Attempt {
    /// A sign-in to the account with this address.
    Email(EmailHash),
    /// A sign-in from this device, in which the owner of the account has signed in before.
    Device(TokenHash),
    /// A confirmation of a change with the password of a person who is signed in.
    Confirmation(UserId),
}

impl Limits {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        let sign_ins = at_least_one(tuning.sign_ins_per_minute);
        let times = |factor| Quota::per_minute(sign_ins.saturating_mul(at_least_one(factor)));
        let (at_once, wait) = (tuning.failures_at_once, tuning.failure_wait);
        let addresses = Quota::with_period(ADDRESSES_EVERY).unwrap_or(Quota::per_hour(ADDRESSES_AT_ONCE));
        Self {
            by_household: RateLimiter::keyed(times(PEOPLE_PER_HOUSEHOLD)),
            by_site: RateLimiter::keyed(times(PEOPLE_PER_HOUSEHOLD * HOUSEHOLDS_PER_SITE)),
            by_email_and_household: RateLimiter::keyed(Quota::per_minute(sign_ins)),
            by_email: Failures::new(at_once, wait),
            by_device: Failures::new(at_once, wait),
            confirmations: Failures::new(at_once, wait),
            addresses: RateLimiter::keyed(addresses.allow_burst(ADDRESSES_AT_ONCE)),
            streams: RateLimiter::keyed(Quota::per_minute(at_least_one(tuning.streams_per_minute))),
        }
    }

    /// Counts a sign-in with an address (normalized by [`email_key`](crate::store::email_key)), before the password is
    /// checked.
    ///
    /// A device in which the owner of the account has signed in before is counted separately, so that guesses from
    /// other places or from the same household do not lock the owner out.
    pub(crate) fn sign_in(&self, from: Address, email: &str, device: Option<TokenHash>) -> Result<Attempt, Error> {
        let now = Instant::now();
        if let Some(device) = device {
            self.by_device.begin(&device, now).map_err(too_many)?;
            return Ok(Attempt::Device(device));
        }
        let (household, email) = (from.household(), Sha256::digest(email).into());
        if let Some(site) = from.site() {
            check(&self.by_site, &site)?;
        }
        check(&self.by_household, &household)?;
        check(&self.by_email_and_household, &(email, household))?;
        self.by_email.begin(&email, now).map_err(too_many)?;
        Ok(Attempt::Email(email))
    }

    /// Counts an attempt of a person who is signed in to confirm a change with their password. It is counted separately
    /// from sign-ins, so that guesses at an unlocked screen do not keep the owner from signing in.
    pub(crate) fn confirm(&self, person: UserId) -> Result<Attempt, Error> {
        self.confirmations.begin(&person, Instant::now()).map_err(too_many)?;
        Ok(Attempt::Confirmation(person))
    }

    /// Marks an attempt as successful, because the password was right.
    pub(crate) fn succeeded(&self, attempt: Attempt) {
        match attempt {
            Attempt::Email(email) => self.by_email.succeeded(&email),
            Attempt::Device(device) => self.by_device.succeeded(&device),
            Attempt::Confirmation(person) => self.confirmations.succeeded(&person),
        }
    }

    /// Counts an attempt to take another email address, successful or not.
    pub(crate) fn take_address(&self, person: UserId) -> Result<(), Error> {
        check(&self.addresses, &person)
    }

    /// Counts the opening of a stream.
    pub(crate) fn stream(&self, person: UserId, from: Address) -> Result<(), Error> {
        check(&self.streams, &(person, from.household()))
    }

    /// Removes entries without recent attempts, so that the tables do not grow with every address.
    pub(crate) fn forget_idle(&self) {
        let now = Instant::now();
        self.by_household.retain_recent();
        self.by_site.retain_recent();
        self.by_email_and_household.retain_recent();
        self.by_email.forget_idle(now);
        self.by_device.forget_idle(now);
        self.confirmations.forget_idle(now);
        self.addresses.retain_recent();
        self.streams.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use wire::UserId;

    use super::{ADDRESSES_AT_ONCE, HOUSEHOLDS_PER_SITE, Limits, PEOPLE_PER_HOUSEHOLD};
    use crate::auth::Address;
    use crate::error::Error;
    use crate::state::Tuning;

    const ME: &str = "a@example.com";
    const MY_DEVICE: [u8; 32] = [7; 32];

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
    fn each_email_address_has_attempts_of_its_own() {
        let (limits, from) = (limits(2), address(1));
        assert!(limits.sign_in(from, ME, None).is_ok());
        assert!(limits.sign_in(from, ME, None).is_ok());
        let refused = limits.sign_in(from, ME, None);
        assert!(matches!(refused, Err(Error::TooManyRequests(1..=31))), "{refused:?}");
        assert!(limits.sign_in(from, "b@example.com", None).is_ok());
    }

    #[test]
    fn many_guessers_together_are_stopped_as_well() {
        let limits = limits(20);
        let allowed = (0..100).filter(|number| limits.sign_in(address(*number), ME, None).is_ok());
        assert_eq!(
            allowed.count(),
            usize::try_from(Tuning::default().failures_at_once).unwrap()
        );
    }

    #[test]
    fn guessing_does_not_lock_known_device() {
        let limits = limits(20);
        for number in 0..1_000 {
            drop(limits.sign_in(address(number % 50), ME, None));
        }
        assert!(limits.sign_in(address(1), ME, None).is_err());
        let attempt = limits.sign_in(address(1), ME, Some(MY_DEVICE)).unwrap();
        limits.succeeded(attempt);
        // The attempts of the device itself are limited as well.
        let allowed = (0..100).filter(|_| limits.sign_in(address(1), ME, Some(MY_DEVICE)).is_ok());
        assert_eq!(
            allowed.count(),
            usize::try_from(Tuning::default().failures_at_once).unwrap()
        );
    }

    #[test]
    fn a_48_of_ipv6_is_not_65536_neighbours() {
        let limits = limits(1);
        let attempt = |number: u128| {
            let household = u128::from(u32::from_be_bytes([0x20, 0x01, 0x0d, 0xb8])) << 96 | number << 64;
            let from = IpAddr::V6(Ipv6Addr::from_bits(household)).into();
            limits.sign_in(from, &format!("{number}@example.com"), None)
        };
        let allowed = (0..65_536).filter(|number| attempt(*number).is_ok()).count();
        let most = usize::try_from(PEOPLE_PER_HOUSEHOLD * HOUSEHOLDS_PER_SITE).unwrap();
        // A new attempt becomes available every few seconds, and the test may take as long.
        assert!((most..=most + 2).contains(&allowed), "{allowed}");
    }

    #[test]
    fn few_email_addresses_are_tried_by_one_person() {
        let limits = limits(20);
        let person = UserId::from_u128(1);
        let allowed = (0..100).filter(|_| limits.take_address(person).is_ok()).count();
        assert_eq!(allowed, usize::try_from(ADDRESSES_AT_ONCE.get()).unwrap());
        let refused = limits.take_address(person);
        assert!(matches!(refused, Err(Error::TooManyRequests(600..=721))), "{refused:?}");
        assert!(limits.take_address(UserId::from_u128(2)).is_ok());
    }
}
