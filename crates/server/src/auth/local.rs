//! Whether a request stays on this machine, where there is no https and nobody listens on the way.

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// Whether the request names this machine as its host. Everywhere else https is a matter of course: the server itself
/// sees http behind the proxy that speaks it.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    names_this_machine(host)
}

/// Whether a host (with or without a port) is `localhost` or a loopback address.
pub(crate) fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}
