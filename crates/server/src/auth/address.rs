//! Network addresses of clients, and the networks that share their limits.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The network address of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(IpAddr);

/// The smallest network of one customer of a provider: one IPv4 address, or a /64 of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Household(IpAddr);

/// The largest network of one customer: a /48 of IPv6, which has 65,536 households (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Site(Ipv6Addr);

impl Address {
    /// Returns the smallest network that belongs to one customer.
    pub(crate) const fn household(self) -> Household {
        Household(match self.0 {
            IpAddr::V6(ip) => IpAddr::V6(network(ip, 64)),
            ip @ IpAddr::V4(_) => ip,
        })
    }

    /// Returns the largest network that belongs to one customer, if it is larger than a household.
    pub(crate) const fn site(self) -> Option<Site> {
        match self.0 {
            IpAddr::V6(ip) => Some(Site(network(ip, 48))),
            IpAddr::V4(_) => None,
        }
    }

    /// Returns the address of the client: the remote address of the connection, or the forwarded address if the remote
    /// address is a trusted proxy.
    ///
    /// Only the last hop counts, because the proxy adds it. The client can send any value in the hops before it.
    pub(crate) fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let peer = peer.ip().to_canonical();
        let forwarded = trusted
            .iter()
            .any(|proxy| proxy.to_canonical() == peer)
            .then(|| last_hop(headers));
        forwarded.flatten().unwrap_or(peer).into()
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self(ip.to_canonical())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the network of an address: its first bits, with zeros for the rest.
const fn network(ip: Ipv6Addr, bits: u32) -> Ipv6Addr {
    let rest = 128 - bits;
    Ipv6Addr::from_bits(ip.to_bits() >> rest << rest)
}

fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    let hop = hops.rsplit(',').next()?.trim();
    // Some proxies add the port.
    hop.parse()
        .or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::http::{HeaderMap, HeaderValue};

    use super::{Address, FORWARDED_FOR};

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn ipv6_groups_by_64_and_48_bits() {
        let (one, other) = (address("2001:db8::1"), address("2001:db8::2"));
        assert_eq!(one.household(), other.household());
        let next = address("2001:db8:0:1::1");
        assert_ne!(one.household(), next.household());
        assert_eq!(one.site(), next.site());
        assert_ne!(one.site(), address("2001:db8:1::1").site());
        let (mapped, plain) = (address("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert_eq!(mapped, plain);
        assert_eq!((plain.site(), plain.to_string().as_str()), (None, "10.0.0.1"));
    }

    #[test]
    fn only_trusted_proxy_forwards_addresses() {
        let proxy: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let trusted = [proxy.ip()];
        let through = |peer: SocketAddr, lines: &[&'static str]| {
            let lines = lines.iter().map(|line| (FORWARDED_FOR, HeaderValue::from_static(line)));
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(name, value);
            }
            Address::of(peer, &headers, &trusted)
        };
        assert_eq!(through(proxy, &["10.0.0.1"]), address("10.0.0.1"));
        assert_eq!(through(proxy, &["6.6.6.6, 10.0.0.1"]), address("10.0.0.1"));
        assert_eq!(through(proxy, &["6.6.6.6", "10.0.0.1:1234"]), address("10.0.0.1"));
        assert_eq!(through(proxy, &["[2001:db8::1]:80"]), address("2001:db8::1"));
        assert_eq!(through(proxy, &["unknown"]), address("127.0.0.1"));
        assert_eq!(through(proxy, &[]), address("127.0.0.1"));
        let mapped = "[::ffff:127.0.0.1]:9".parse().unwrap();
        assert_eq!(through(mapped, &["10.0.0.1"]), address("10.0.0.1"));
        let other = "127.0.0.2:9".parse().unwrap();
        assert_eq!(through(other, &["10.0.0.1"]), address("127.0.0.2"));
    }
}
