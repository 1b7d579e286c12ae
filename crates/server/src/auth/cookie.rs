//! The session cookie, the cookie of a known device, and the tokens in them.

use std::time::Duration;

use axum::http::header::{COOKIE, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};
use sha2::{Digest as _, Sha256};
use wire::UserId;

use super::is_local;
use crate::error::Error;
use crate::store::sign_ins::TokenHash;

/// The name of the session cookie. Browsers accept a cookie with this prefix only if it is secure and limited to this
/// host, so that no other host of the same domain can set it.
const NAME: &str = "__Host-freshet_session";
/// The name of the session cookie without https.
const LOCAL_NAME: &str = "freshet_session";

/// The prefix of the name of a device cookie, which identifies a browser in which a person has signed in before. Some
/// letters follow, which differ between the people who share a browser.
const DEVICE_NAME: &str = "__Host-freshet_device_";
/// The prefix of the name of a device cookie without https.
const LOCAL_DEVICE_NAME: &str = "freshet_device_";

/// The maximum number of device cookies that are checked. A client can send any number of them.
const MOST_DEVICES: usize = 8;

/// The secret of a sign-in, a known device or a ticket: 32 random bytes in hexadecimal. Does not implement `Debug`, so
/// that no log can contain it.
pub(crate) struct Token(String);

impl Token {
    /// Creates a token that can not be guessed.
    pub(crate) fn random() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the token of a request. The caller has to look it up in the database.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let named = |name| cookies(headers).find(|cookie| cookie.name() == name);
        // A cookie that was set without https is accepted only if the host is this machine.
        let cookie = named(NAME).or_else(|| named(LOCAL_NAME).filter(|_| is_local(headers)))?;
        Self::from_text(cookie.value())
    }

    /// Creates a token from a text that is not a cookie.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        (text.len() == 64).then(|| Self(text.to_owned()))
    }

    /// Returns the text of the token, to send it to the client.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// Returns the hash of the token, which is stored.
    pub(crate) fn hash(&self) -> TokenHash {
        Sha256::digest(&self.0).into()
    }
}

/// Returns the hashes of the device tokens of a request. The caller has to look them up in the database.
pub(crate) fn devices(headers: &HeaderMap) -> Vec<TokenHash> {
    let name = device_name(headers);
    let devices = cookies(headers).filter(|cookie| cookie.name().starts_with(name));
    let tokens = devices.filter_map(|cookie| Token::from_text(cookie.value()));
    tokens.take(MOST_DEVICES).map(|token| token.hash()).collect()
}

/// Returns the `set-cookie` header that makes a browser a known device of this person. The cookie is separate for each
/// person, so that people who share a browser do not replace each other's cookies.
pub(crate) fn device_cookie(
    token: &Token,
    person: UserId,
    headers: &HeaderMap,
    lifetime: Duration,
) -> Result<HeaderValue, Error> {
    let digest = Sha256::digest(person.0);
    let letters: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("{}{letters}", device_name(headers));
    header(headers, name, token.0.clone(), lifetime)
}

/// Returns whether the browser uses https. It does for every host except for this machine. A proxy may still pass this
/// machine as the host. In that case a change has an `origin` header with https, or the request has a cookie that was
/// set over https.
fn is_secure(headers: &HeaderMap) -> bool {
    let is_from_https = || {
        let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
        origin.is_some_and(|origin| origin.starts_with(b"https://"))
    };
    !is_local(headers) || is_from_https() || cookies(headers).any(|cookie| cookie.name() == NAME)
}

fn device_name(headers: &HeaderMap) -> &'static str {
    if is_secure(headers) {
        DEVICE_NAME
    } else {
        LOCAL_DEVICE_NAME
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(Cookie::split_parse).filter_map(Result::ok)
}

/// Returns the `set-cookie` header that starts or renews a sign-in. `headers` are those of the request, and determine
/// the host.
pub(crate) fn session_cookie(token: &Token, headers: &HeaderMap, lifetime: Duration) -> Result<HeaderValue, Error> {
    header(headers, session_name(headers).to_owned(), token.0.clone(), lifetime)
}

/// Returns the `set-cookie` header that removes the session cookie from the browser.
pub(crate) fn clearing_cookie(headers: &HeaderMap) -> Result<HeaderValue, Error> {
    header(headers, session_name(headers).to_owned(), String::new(), Duration::ZERO)
}

fn session_name(headers: &HeaderMap) -> &'static str {
    if is_secure(headers) { NAME } else { LOCAL_NAME }
}

fn header(headers: &HeaderMap, name: String, value: String, lifetime: Duration) -> Result<HeaderValue, Error> {
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        // Browsers accept a secure cookie only over https, which is not available on the local machine.
        .secure(is_secure(headers))
        .max_age(cookie::time::Duration::seconds(seconds))
        .build();
    HeaderValue::try_from(cookie.to_string()).or(Err(Error::Internal("a cookie is no header")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::header::{COOKIE, HOST, ORIGIN};
    use axum::http::{HeaderMap, HeaderValue};

    use wire::UserId;

    use super::{MOST_DEVICES, Token, clearing_cookie, device_cookie, devices, session_cookie};

    fn request_to(host: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))])
    }

    #[test]
    fn the_cookie_is_secure_everywhere_but_at_home() {
        for (host, secure) in [
            ("localhost:8080", false),
            ("127.0.0.1:8080", false),
            ("[::1]:8080", false),
            ("app.example", true),
            ("localhost.example", true),
            ("", true),
        ] {
            let cookie = session_cookie(&Token::random(), &request_to(host), Duration::from_secs(60)).unwrap();
            let cookie = cookie.to_str().unwrap();
            assert_eq!(cookie.contains("Secure"), secure, "{host}");
            assert_eq!(cookie.starts_with("__Host-freshet_session="), secure, "{host}");
            for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"] {
                assert!(cookie.contains(part), "{cookie}");
            }
        }
        assert!(
            clearing_cookie(&request_to("localhost"))
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Max-Age=0")
        );
    }

    #[test]
    fn cookie_is_secure_behind_local_proxy() {
        let mut change = request_to("127.0.0.1:8080");
        change.insert(ORIGIN, HeaderValue::from_static("https://app.example"));
        let token = Token::random();
        let cookie = session_cookie(&token, &change, Duration::from_secs(60)).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.starts_with("__Host-freshet_session=") && cookie.contains("Secure"),
            "{cookie}"
        );
        // A read has no `origin` header.
        let mut read = request_to("127.0.0.1:8080");
        let pair = cookie.split(';').next().unwrap();
        // A cookie that was set without https is ignored.
        let both = format!("freshet_session={}; {pair}", Token::random().0);
        read.insert(COOKIE, HeaderValue::from_str(&both).unwrap());
        assert_eq!(Token::of(&read).unwrap().hash(), token.hash());
        let renewed = session_cookie(&token, &read, Duration::from_secs(60)).unwrap();
        assert_eq!(renewed.to_str().unwrap(), cookie);
    }

    #[test]
    fn each_person_has_own_device_cookie() {
        for (host, prefix) in [
            ("localhost", "freshet_device_"),
            ("app.example", "__Host-freshet_device_"),
        ] {
            let mut request = request_to(host);
            let tokens = [Token::random(), Token::random()];
            let cookie = |number: u8| {
                let (token, person) = (&tokens[usize::from(number)], UserId::from_u128(number.into()));
                let cookie = device_cookie(token, person, &request, Duration::from_secs(60)).unwrap();
                cookie.to_str().unwrap().to_owned()
            };
            let cookies = [cookie(0), cookie(1)];
            for part in [prefix, "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"] {
                assert!(cookies[0].contains(part), "{}", cookies[0]);
            }
            assert_eq!(cookies[0].contains("Secure"), host == "app.example");
            let pairs = cookies.iter().map(|cookie| cookie.split(';').next().unwrap());
            let pairs: Vec<_> = pairs.collect();
            request.insert(COOKIE, HeaderValue::from_str(&pairs.join("; ")).unwrap());
            assert_eq!(devices(&request), [tokens[0].hash(), tokens[1].hash()]);
            let many = HeaderValue::from_str(&[pairs[0]; 20].join("; ")).unwrap();
            request.insert(COOKIE, many);
            assert_eq!(devices(&request).len(), MOST_DEVICES);
        }
    }

    #[test]
    fn a_token_comes_back_among_other_cookies() {
        let token = Token::random();
        let request = |host: &'static str, cookie: &str| {
            let mut headers = request_to(host);
            headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
            headers
        };
        let (local, secure) = ("freshet_session", "__Host-freshet_session");
        for (host, name, known) in [
            ("localhost:8080", local, true),
            // The proxy uses https and passes this machine as the host.
            ("localhost:8080", secure, true),
            ("app.example", secure, true),
            ("app.example", local, false),
        ] {
            let headers = request(host, &format!("theme=dark; {name}={}; x=y", token.0));
            let found = Token::of(&headers).map(|found| found.hash());
            assert_eq!(found, known.then(|| token.hash()), "{name} to {host}");
        }
        for bad in ["freshet_session=", "freshet_session=short", "other=1", "%"] {
            assert!(Token::of(&request("localhost", bad)).is_none(), "{bad}");
        }
    }
}
