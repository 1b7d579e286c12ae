//! Detection of requests from the local machine, where there is no https and connections can not be intercepted.

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// Returns whether the host of the request is this machine. For all other hosts https is assumed: the server itself
/// receives http from the proxy that terminates https.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    names_this_machine(host)
}

/// Returns whether a host (with or without a port) is `localhost` or a loopback address.
pub(crate) fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}
