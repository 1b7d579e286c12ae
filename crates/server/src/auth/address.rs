//! Where a request comes from, as far as that stands for one household.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A network address as far as it stands for one household: an IPv6 address without its lower half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address(IpAddr);

impl Address {
    /// Where a request comes from: the other end of its connection, unless that is a proxy that is trusted to say for
    /// whom it speaks.
    ///
    /// Only the last hop counts. The proxy adds it itself; everything before it is whatever the client has sent.
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
        Self(match ip.to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
            ip @ IpAddr::V4(_) => ip,
        })
    }
}

fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    let hop = hops.rsplit(',').next()?.trim();
    // Some proxies name the port as well.
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
    fn one_ipv6_household_is_one_address() {
        assert_eq!(address("2001:db8::1"), address("2001:db8::2"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
    }

    #[test]
    fn only_a_trusted_proxy_speaks_for_others_and_only_by_its_own_hop() {
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
        assert_eq!(through(proxy, &["[2001:db8::1]:80"]), address("2001:db8::9"));
        assert_eq!(through(proxy, &["unknown"]), address("127.0.0.1"));
        assert_eq!(through(proxy, &[]), address("127.0.0.1"));
        let mapped = "[::ffff:127.0.0.1]:9".parse().unwrap();
        assert_eq!(through(mapped, &["10.0.0.1"]), address("10.0.0.1"));
        let other = "127.0.0.2:9".parse().unwrap();
        assert_eq!(through(other, &["10.0.0.1"]), address("127.0.0.2"));
    }
}
