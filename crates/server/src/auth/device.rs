//! A short description of the browser of a request, for the list of a person's own sign-ins.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;

/// The maximum number of characters of the description.
const LONGEST: usize = 80;

/// Parts of user agents, with the names of browsers. Browsers that claim to be others come first: Edge contains
/// `Chrome`, and Chrome contains `Safari`.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Parts of user agents, with the names of systems, in the same order: Android contains `Linux`, and an iPhone contains
/// `Mac OS`.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// Returns the browser and the system of a request, such as "Firefox on Linux". For other programs, returns the first
/// word of the user agent. Clients can send any user agent; the description only helps people to recognize their own
/// devices.
pub(crate) fn device(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(USER_AGENT)?.to_str().ok()?;
    let find = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(said, _)| agent.contains(said));
        found.map(|(_, name)| *name)
    };
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        _ => {
            let first = agent.split_whitespace().next()?;
            Some(first.chars().take(LONGEST).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::USER_AGENT;
    use axum::http::{HeaderMap, HeaderValue};

    use super::{LONGEST, device};

    fn of(agent: &[u8]) -> Option<String> {
        device(&HeaderMap::from_iter([(
            USER_AGENT,
            HeaderValue::from_bytes(agent).unwrap(),
        )]))
    }

    #[test]
    fn a_browser_is_named_with_its_system() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 \
                 Safari/537.36 Edg/138.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Mobile \
                 Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.14.1", "curl/8.14.1"),
        ] {
            assert_eq!(of(agent.as_bytes()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_made_up_browser_is_short() {
        assert_eq!(of("x".repeat(5_000).as_bytes()).unwrap().len(), LONGEST);
        assert_eq!(of(b"  "), None);
        assert_eq!(of(b"\xff\xfe"), None);
        assert_eq!(device(&HeaderMap::new()), None);
    }
}
