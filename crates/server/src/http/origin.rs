//! The origins whose pages may use the API, and the messages for other pages.

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::auth::is_local;
use crate::config::Origin;
use crate::error::Error;
use crate::state::AppState;

/// Middleware: refuses requests that a page of another origin sends with the cookie of a person.
///
/// Browsers send `Origin` with every request that changes something. A request without it is judged by
/// `Sec-Fetch-Site`. A request without both headers comes from a program that does not have the cookies of a person.
pub(super) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, Error> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    match refusal(request.headers(), reads, &state.allowed_origins) {
        Some(refusal) => Err(Error::ForeignOrigin(refusal.sentence())),
        None => Ok(next.run(request).await),
    }
}

/// Refuses a sign-in from a page whose browser would not store the cookie. Such a page was loaded from this server over
/// plain http from another machine. It is refused even if its origin may use the API.
pub(super) fn check_cookie(headers: &HeaderMap) -> Result<(), Error> {
    let origin = text(headers, ORIGIN).unwrap_or_default().to_ascii_lowercase();
    let host = text(headers, HOST).unwrap_or_default().to_ascii_lowercase();
    if !is_local(headers) && origin.strip_prefix("http://") == Some(&host) {
        return Err(Error::ForeignOrigin(Refusal::PlainHttp.sentence()));
    }
    Ok(())
}

/// The reason for which a page may not use the API.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// The page was loaded over plain http from another machine. It may have been forged on the way, and the browser
    /// would not store the session cookie, which is `Secure`.
    PlainHttp,
    /// The page is of another origin than the host that the request names.
    OtherHost { origin: Origin, host: String },
    /// The page does not name its origin, or is of another site.
    OtherSite,
}

impl Refusal {
    /// Returns the message for the person at the page.
    fn sentence(&self) -> String {
        match self {
            Self::PlainHttp => {
                "This page was opened over plain http, where browsers do not keep the cookie that signs \
                                you in. Open it over https, or on the machine of the server as http://localhost."
                    .to_owned()
            }
            Self::OtherHost { origin, host } => format!(
                "This page is from {origin}, but its requests reach the server under the name {host}. A proxy in \
                 between has to pass the Host header on (nginx: proxy_set_header Host $http_host). If the page is \
                 meant to be from elsewhere, start the server with --allow-origin {origin}."
            ),
            Self::OtherSite => "The request came from a page of another site. Open this server's own address and try \
                                again."
                .to_owned(),
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers
        .get(name)
        .map(|value: &HeaderValue| value.to_str().unwrap_or_default())
}

/// Returns the reason for which the page may not send this request, if there is one.
fn refusal(headers: &HeaderMap, reads: bool, allowed: &[Origin]) -> Option<Refusal> {
    let Some(origin) = text(headers, ORIGIN) else {
        // A read without an origin is a link, an image or a page of this server. Other origins can not read its
        // response.
        let site = text(headers, HeaderName::from_static("sec-fetch-site")).filter(|_| !reads);
        let foreign = site.is_some_and(|site| site != "same-origin" && site != "none");
        return foreign.then_some(Refusal::OtherSite);
    };
    let Ok(origin) = origin.parse::<Origin>() else {
        return Some(Refusal::OtherSite);
    };
    if allowed.contains(&origin) {
        return None;
    }
    let host = text(headers, HOST).unwrap_or_default().to_ascii_lowercase();
    let own = origin.place() == host;
    // A page that was not loaded over https may have been forged on the way, unless it was loaded from the browser's
    // own machine.
    if origin.is_secure() || origin.is_local() {
        return (!own).then_some(Refusal::OtherHost { origin, host });
    }
    Some(Refusal::PlainHttp)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Refusal, check_cookie, refusal};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_allowed_origins_may_write() {
        let allowed = ["https://app.example".parse().unwrap()];
        let other = |origin: &str, host: &str| {
            Some(Refusal::OtherHost {
                origin: origin.parse().unwrap(),
                host: host.to_owned(),
            })
        };
        for (pairs, expected) in [
            (&[("host", "a.example"), ("origin", "https://a.example")][..], None),
            (&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")], None),
            (&[("host", "[::1]:80"), ("origin", "http://[::1]:80")], None),
            (
                &[("host", "a.example"), ("origin", "http://a.example")],
                Some(Refusal::PlainHttp),
            ),
            (
                &[("host", "127.0.0.1:8080"), ("origin", "http://192.168.1.5:8080")],
                Some(Refusal::PlainHttp),
            ),
            (&[("host", "localhost"), ("origin", "https://localhost")], None),
            (
                &[("host", "localhost"), ("origin", "ftp://localhost")],
                Some(Refusal::OtherSite),
            ),
            (&[("host", "a.example"), ("origin", "https://app.example")], None),
            (
                &[("host", "a.example"), ("origin", "https://evil.example")],
                other("https://evil.example", "a.example"),
            ),
            (
                &[("host", "127.0.0.1:8080"), ("origin", "https://a.example")],
                other("https://a.example", "127.0.0.1:8080"),
            ),
            (
                &[("host", "a.example"), ("origin", "https://a.example:81")],
                other("https://a.example:81", "a.example"),
            ),
            (
                &[("host", "a.example"), ("origin", "http://localhost:8080")],
                other("http://localhost:8080", "a.example"),
            ),
            (&[("origin", "https://a.example")], other("https://a.example", "")),
            (&[("host", "a.example"), ("origin", "null")], Some(Refusal::OtherSite)),
            (&[("host", "a.example"), ("origin", "")], Some(Refusal::OtherSite)),
            (&[("host", "a.example"), ("sec-fetch-site", "same-origin")], None),
            (
                &[("host", "a.example"), ("sec-fetch-site", "cross-site")],
                Some(Refusal::OtherSite),
            ),
            (
                &[("host", "a.example"), ("sec-fetch-site", "same-site")],
                Some(Refusal::OtherSite),
            ),
            (&[("host", "a.example")], None),
        ] {
            assert_eq!(refusal(&headers(pairs), false, &allowed), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_cookie_needs_https_or_this_machine() {
        for (pairs, kept) in [
            (
                &[("host", "a.example:80"), ("origin", "http://a.example:80")][..],
                false,
            ),
            (&[("host", "a.example"), ("origin", "https://a.example")], true),
            (&[("host", "localhost:80"), ("origin", "http://localhost:80")], true),
            (&[("host", "a.example"), ("origin", "http://localhost:80")], true),
            (&[("host", "a.example")], true),
        ] {
            assert_eq!(check_cookie(&headers(pairs)).is_ok(), kept, "{pairs:?}");
        }
    }
}
