//! The configuration of this deployment, read once at the start.
//!
//! It is JSON in `index.html`, so that one build serves every deployment.

use std::time::Duration;

use wire::json::{FromJson, Object, Unreadable};

use crate::invalidation::HEARD;
use crate::sse::{Address, Settings};

/// The id of the element in `index.html` that holds the configuration.
pub const ELEMENT: &str = "freshet-config";

/// The configuration of this deployment.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a value of its own")]
pub struct Config {
    /// The base address of the API, to which every path is appended. It has no slash at its end.
    pub api_base: String,
    /// The addresses of the stream, of its status and of its tickets.
    pub address: Address,
    /// The value of the `x-version` header, for servers that require it.
    pub api_version: Option<String>,
    /// Whether the server carries out two requests with the same `Idempotency-Key` only once. Otherwise a change with
    /// an unknown outcome is not sent twice.
    pub api_idempotency: bool,
    /// Whether the server accepts changes field by field with a version as condition, and restores deleted rows.
    /// Otherwise rows are read again and written as a whole.
    pub api_patch: bool,
    /// Whether the content of an event is applied before the data is read again.
    pub paint_events: bool,
    /// Whether the data that was shown last is persisted on this device, so that the next visit shows it at once.
    pub keep_data: bool,
    /// Whether the tabs of a browser profile share one stream, if the browser supports that.
    pub share_stream: bool,
    /// The settings of the connection.
    pub connection: Settings,
    /// Whether informational messages are logged to the browser's console. Warnings and errors are always logged.
    pub enable_logging: bool,
}

/// An error in the configuration, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// The names of all settings.
const NAMES: [&str; 13] = [
    "api_base",
    "sse_path",
    "sse_status_path",
    "sse_ticket_path",
    "api_version",
    "api_idempotency",
    "api_patch",
    "paint_events",
    "keep_data",
    "share_stream",
    "expects_hello",
    "timings",
    "enable_logging",
];

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// If the text is not a JSON object, names an unknown setting, or has an invalid value.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let fields = object(text)?;
        if let Some(unknown) = fields.names().find(|name| !NAMES.contains(name)) {
            let known = NAMES.join(", ");
            return Err(ConfigError(format!("{unknown} is unknown; there are {known}")));
        }
        let api_base: String = value(&fields, "api_base", "/api".to_owned())?;
        let api_base = api_base.trim_end_matches('/').to_owned();
        let sse_path: String = value(&fields, "sse_path", "/sse".to_owned())?;
        let status_path: Option<String> = value(&fields, "sse_status_path", None)?;
        let ticket_path: Option<String> = value(&fields, "sse_ticket_path", None)?;
        let expects_hello = value(&fields, "expects_hello", true)?;
        let is_address = |text: &str| {
            text.is_empty() || text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://")
        };
        if !is_address(&api_base) || api_base.starts_with("//") {
            return Err(ConfigError(format!(
                "api_base must be a path such as \"/api\" or an address such as \"https://api.example.com\", but is \"{api_base}\""
            )));
        }
        let paths = [
            ("sse_path", Some(&sse_path)),
            ("sse_status_path", status_path.as_ref()),
            ("sse_ticket_path", ticket_path.as_ref()),
        ];
        for (name, path) in paths {
            if let Some(path) = path.filter(|path| !path.starts_with('/')) {
                return Err(ConfigError(format!(
                    "{name} must start with a slash, but is \"{path}\""
                )));
            }
        }
        let at = |path: &str| format!("{api_base}{path}");
        let own_status = expects_hello.then(|| format!("{sse_path}/status"));
        let address = Address {
            stream: at(&sse_path),
            status: status_path.or(own_status).as_deref().map(at),
            ticket: ticket_path.as_deref().map(at),
            // The list of types is a query parameter that only a server with a hello understands.
            types: if expects_hello { heard() } else { String::new() },
        };
        let timings = object(self::text(&fields, "timings")?.unwrap_or("{}"))?;
        Ok(Self {
            connection: connection(&timings, expects_hello, address.ticket.is_some())?,
            address,
            api_base,
            api_version: value(&fields, "api_version", None)?,
            api_idempotency: value(&fields, "api_idempotency", true)?,
            api_patch: value(&fields, "api_patch", true)?,
            paint_events: value(&fields, "paint_events", true)?,
            keep_data: value(&fields, "keep_data", true)?,
            share_stream: value(&fields, "share_stream", true)?,
            enable_logging: value(&fields, "enable_logging", false)?,
        })
    }
}

fn object(text: &str) -> Result<Object<'_>, ConfigError> {
    let wrong = |Unreadable| ConfigError(format!("there must be a JSON object, but there is: {text}"));
    Object::read(text).map_err(wrong)
}

/// Returns the JSON text of a value, if it is set.
fn text<'text>(fields: &Object<'text>, name: &str) -> Result<Option<&'text str>, ConfigError> {
    let several = |Unreadable| ConfigError(format!("{name} is there more than once"));
    fields.text(name).map_err(several)
}

/// Returns a value, or `unless_set` if it is not set.
fn value<T: FromJson>(fields: &Object<'_>, name: &str, unless_set: T) -> Result<T, ConfigError> {
    let Some(text) = text(fields, name)? else {
        return Ok(unless_set);
    };
    T::from_json(text).map_err(|Unreadable| ConfigError(format!("{name} can not be {text}")))
}

/// Returns the names of the events that the app handles.
fn heard() -> String {
    let names: Vec<&str> = HEARD.iter().map(|kind| kind.name()).collect();
    names.join(",")
}

/// Parses the settings of the connection by name. Most of them are in milliseconds.
fn connection(timings: &Object<'_>, expects_hello: bool, needs_ticket: bool) -> Result<Settings, ConfigError> {
    let mut settings = Settings {
        expects_hello,
        needs_ticket,
        ..Settings::default()
    };
    for name in timings.names() {
        let millis = value(timings, name, 0_u64)?;
        let place = match name {
            "backoff_base_ms" => &mut settings.backoff.base,
            "backoff_cap_ms" => &mut settings.backoff.cap,
            "rest_ms" => &mut settings.rest,
            "rest_cap_ms" => &mut settings.rest_cap,
            "connect_timeout_ms" => &mut settings.connect_timeout,
            "probe_timeout_ms" => &mut settings.probe_timeout,
            "stable_after_ms" => &mut settings.stable_after,
            "min_open_gap_ms" => &mut settings.min_open_gap,
            "opportunity_delay_ms" => &mut settings.opportunity_delay,
            "spread_ms" => &mut settings.spread,
            "refresh_patience_ms" => &mut settings.refresh_patience,
            "late_after_ms" => &mut settings.late_after,
            "tick_ms" => &mut settings.tick,
            "wake_grace_ms" => &mut settings.wake_grace,
            "offline_flap_ms" => &mut settings.offline_flap,
            "offline_grace_ms" => &mut settings.offline_grace,
            "offline_retry_ms" => &mut settings.offline_retry,
            "release_after_ms" => &mut settings.release_after,
            "check_every_ms" => &mut settings.check_every,
            "gap_delay_ms" => &mut settings.gap_delay,
            "gap_spread_ms" => &mut settings.gap_spread,
            "poll_after_ms" => &mut settings.poll_after,
            "poll_every_ms" => &mut settings.poll_every,
            "poll_slow_after_ms" => &mut settings.poll_slow_after,
            "poll_slow_every_ms" => &mut settings.poll_slow_every,
            "lead_ping_ms" => &mut settings.lead_ping,
            "lead_lease_ms" => &mut settings.lead_lease,
            "backoff_jitter_percent" => {
                settings.backoff.jitter = f64::from(u32::try_from(millis).unwrap_or(u32::MAX).min(100)) / 100.0;
                continue;
            }
            "max_retries" => {
                settings.max_retries = u32::try_from(millis).unwrap_or(u32::MAX);
                continue;
            }
            _ => return Err(ConfigError(format!("timings.{name} is unknown"))),
        };
        if millis > 3_600_000 || (millis < 10 && name != "poll_every_ms") {
            return Err(ConfigError(format!(
                "timings.{name} must be from 10 to 3600000 milliseconds, but is {millis}"
            )));
        }
        *place = Duration::from_millis(millis);
    }
    if settings.backoff.base > settings.backoff.cap {
        return Err(ConfigError(
            "timings.backoff_base_ms must not exceed timings.backoff_cap_ms".to_owned(),
        ));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Config, Settings};

    #[test]
    fn nothing_is_required() {
        let config = Config::parse("{}").unwrap();
        assert_eq!(
            (config.api_base.as_str(), config.address.stream.as_str()),
            ("/api", "/api/sse")
        );
        assert_eq!(config.connection, Settings::default());
    }

    #[test]
    fn config_selects_another_server() {
        let text = r#"{"api_base": "http://127.0.0.1:4000/", "api_version": "1.0.0-beta1", "expects_hello": false,
            "api_idempotency": false}"#;
        let config = Config::parse(text).unwrap();
        assert_eq!(config.address.stream, "http://127.0.0.1:4000/sse");
        assert_eq!((config.address.status, config.address.types), (None, String::new()));
        assert_eq!(config.api_version.as_deref(), Some("1.0.0-beta1"));
        assert!(!config.connection.expects_hello && !config.api_idempotency);
    }

    #[test]
    fn invalid_config_is_explained() {
        for (text, word) in [
            ("", "object"),
            ("[]", "object"),
            ("{", "JSON"),
            (r#"{"api_bas": "/api"}"#, "api_bas"),
            (r#"{"api_base": "api"}"#, "api_base"),
            (r#"{"api_base": "//evil.example"}"#, "api_base"),
            (r#"{"sse_path": "sse"}"#, "sse_path"),
            (r#"{"timings": {"connect_timeout_ms": 1}}"#, "connect_timeout_ms"),
            (r#"{"timings": {"backoff_base_ms": 60000}}"#, "backoff_base_ms"),
            (r#"{"timings": {"max_retries": -1}}"#, "-1"),
            (r#"{"timings": {"max_retry": 1}}"#, "max_retry"),
            (r#"{"timings": 7}"#, "7"),
            (r#"{"timings": null}"#, "null"),
            (r#"{"timings": {}, "timings": {}}"#, "timings"),
            (r#"{"keep_data": true, "keep_data": true}"#, "keep_data"),
            (r#"{"expects_hello": null}"#, "null"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
