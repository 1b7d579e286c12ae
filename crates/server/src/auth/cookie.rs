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

/// The name of the cookie. Browsers keep one with this prefix only if it is secure and of this very host, so that no
/// other host of the same domain can slip its own in.
const NAME: &str = "__Host-freshet_session";
/// The same where there is no https.
const LOCAL_NAME: &str = "freshet_session";

/// How the name of the cookie begins by which a browser is known to somebody who has signed in there before. A few
/// letters follow that tell the people of one browser apart.
const DEVICE_NAME: &str = "__Host-freshet_device_";
/// The same where there is no https.
const LOCAL_DEVICE_NAME: &str = "freshet_device_";

/// How many cookies of known devices are looked at. A client can send as many as it likes.
const MOST_DEVICES: usize = 8;

/// The secret of a sign-in, a known device or a ticket: 32 random bytes, in hexadecimal. Has no `Debug`, so that no log
/// can carry it.
pub(crate) struct Token(String);

impl Token {
    /// A token that nobody can guess.
    pub(crate) fn random() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The token that a request came with. Whether it means anything is for the database to say.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let named = |name| cookies(headers).find(|cookie| cookie.name() == name);
        // One that was set without https is taken if the request names this machine.
        let cookie = named(NAME).or_else(|| named(LOCAL_NAME).filter(|_| is_local(headers)))?;
        Self::from_text(cookie.value())
    }

    /// A token that was handed over in another way.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        (text.len() == 64).then(|| Self(text.to_owned()))
    }

    /// To be handed over.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// What is stored of it.
    pub(crate) fn hash(&self) -> TokenHash {
        Sha256::digest(&self.0).into()
    }
}

/// What a request shows to be known by. Whether it means anything, and for whom, is for the database to say.
pub(crate) fn devices(headers: &HeaderMap) -> Vec<TokenHash> {
    let name = device_name(headers);
    let devices = cookies(headers).filter(|cookie| cookie.name().starts_with(name));
    let tokens = devices.filter_map(|cookie| Token::from_text(cookie.value()));
    tokens.take(MOST_DEVICES).map(|token| token.hash()).collect()
}

/// The `set-cookie` by which a browser is known to this person, for whom it is one of its own: people who share a
/// browser do not make each other unknown.
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

/// Whether the browser speaks https. It does with every host but this machine. A proxy may name the server as this
/// machine all the same: then a page says where it is from with each change, and a cookie says that https has set it.
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

/// The `set-cookie` that signs in or renews a sign-in. `headers` are the request's: they say for which host.
pub(crate) fn session_cookie(token: &Token, headers: &HeaderMap, lifetime: Duration) -> Result<HeaderValue, Error> {
    header(headers, session_name(headers).to_owned(), token.0.clone(), lifetime)
}

/// The `set-cookie` that makes a browser forget its token.
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
        // Browsers keep a secure cookie only over https, which nobody has on their own machine.
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
        // A read does not say where its page is from.
        let mut read = request_to("127.0.0.1:8080");
        let pair = cookie.split(';').next().unwrap();
        // A cookie that was set without https is passed over.
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
            // Behind a proxy that speaks https and names the server as this machine.
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
