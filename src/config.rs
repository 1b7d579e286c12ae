//! The configuration of this deployment, read once at the start.
//!
//! It stands in `index.html` as JSON, so that one build serves everywhere.

use std::time::Duration;

use serde::Deserialize;

use crate::backoff::Backoff;
use crate::sse::Settings;

/// The id of the element in `index.html` that holds the configuration.
pub const ELEMENT: &str = "freshet-config";

/// The configuration of this deployment.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a value of its own")]
pub struct Config {
    /// What every path of the API is appended to. Without a slash at its end.
    pub api_base: String,
    /// Where the stream is.
    pub stream_url: String,
    /// What the `x-version` header says, for servers that require it.
    pub api_version: Option<String>,
    /// Whether the server takes two requests with the same `Idempotency-Key` for one. If it does not, a change whose
    /// fate is unknown is not sent twice.
    pub api_idempotency: bool,
    /// Whether what an event carries is shown before it has been read again.
    pub paint_events: bool,
    /// Whether what was shown last is kept on this device, to be shown at once on the next visit.
    pub keep_data: bool,
    /// The numbers of the connection.
    pub connection: Settings,
    /// Whether to write to the browser's console.
    pub enable_logging: bool,
}

/// What is wrong with the configuration, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a value of its own")]
struct Model {
    #[serde(default = "default_api_base")]
    api_base: String,
    #[serde(default = "default_sse_path")]
    sse_path: String,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default = "yes")]
    api_idempotency: bool,
    #[serde(default = "yes")]
    paint_events: bool,
    #[serde(default = "yes")]
    keep_data: bool,
    #[serde(default = "yes")]
    expects_hello: bool,
    #[serde(default)]
    timings: Timings,
    #[serde(default)]
    enable_logging: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timings {
    backoff_base_ms: Option<u64>,
    backoff_cap_ms: Option<u64>,
    connect_timeout_ms: Option<u64>,
    stable_after_ms: Option<u64>,
    max_retries: Option<u32>,
}

fn default_api_base() -> String {
    "/api".to_owned()
}

fn default_sse_path() -> String {
    "/sse".to_owned()
}

const fn yes() -> bool {
    true
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// It is no JSON, names something unknown, or has a value that can not be right.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if !text.trim_start().starts_with('{') {
            return Err(ConfigError("it must be a JSON object".to_owned()));
        }
        let model: Model = serde_json::from_slice(text.as_bytes()).map_err(|error| ConfigError(error.to_string()))?;
        let api_base = model.api_base.trim_end_matches('/').to_owned();
        let is_address = |text: &str| {
            text.is_empty() || text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://")
        };
        if !is_address(&api_base) || api_base.starts_with("//") {
            return Err(ConfigError(format!(
                "api_base must be a path such as \"/api\" or an address such as \"https://api.example.com\", but is \"{api_base}\""
            )));
        }
        if !model.sse_path.starts_with('/') {
            return Err(ConfigError(format!(
                "sse_path must start with a slash, but is \"{}\"",
                model.sse_path
            )));
        }
        let stream_url = format!("{api_base}{}", model.sse_path);
        Ok(Self {
            stream_url,
            api_base,
            api_version: model.api_version,
            api_idempotency: model.api_idempotency,
            paint_events: model.paint_events,
            keep_data: model.keep_data,
            connection: connection(&model.timings, model.expects_hello)?,
            enable_logging: model.enable_logging,
        })
    }
}

fn connection(timings: &Timings, expects_hello: bool) -> Result<Settings, ConfigError> {
    let default = Settings::default();
    let duration = |name: &str, value: Option<u64>, default: Duration| match value {
        None => Ok(default),
        Some(millis @ 100..=3_600_000) => Ok(Duration::from_millis(millis)),
        Some(millis) => Err(ConfigError(format!(
            "timings.{name} must be from 100 to 3600000 milliseconds, but is {millis}"
        ))),
    };
    let backoff = Backoff {
        base: duration("backoff_base_ms", timings.backoff_base_ms, default.backoff.base)?,
        cap: duration("backoff_cap_ms", timings.backoff_cap_ms, default.backoff.cap)?,
        ..default.backoff
    };
    if backoff.base > backoff.cap {
        return Err(ConfigError(
            "timings.backoff_base_ms must not exceed timings.backoff_cap_ms".to_owned(),
        ));
    }
    Ok(Settings {
        backoff,
        max_retries: timings.max_retries.unwrap_or(default.max_retries),
        connect_timeout: duration(
            "connect_timeout_ms",
            timings.connect_timeout_ms,
            default.connect_timeout,
        )?,
        stable_after: duration("stable_after_ms", timings.stable_after_ms, default.stable_after)?,
        expects_hello,
        ..default
    })
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
            (config.api_base.as_str(), config.stream_url.as_str()),
            ("/api", "/api/sse")
        );
        assert_eq!(config.connection, Settings::default());
    }

    #[test]
    fn another_server_is_a_matter_of_a_few_values() {
        let text = r#"{"api_base": "http://127.0.0.1:4000/", "api_version": "1.0.0-beta1", "expects_hello": false,
            "api_idempotency": false}"#;
        let config = Config::parse(text).unwrap();
        assert_eq!(config.stream_url, "http://127.0.0.1:4000/sse");
        assert_eq!(config.api_version.as_deref(), Some("1.0.0-beta1"));
        assert!(!config.connection.expects_hello && !config.api_idempotency);
    }

    #[test]
    fn what_can_not_be_right_is_said_in_words() {
        for (text, word) in [
            ("", "object"),
            ("[]", "object"),
            ("{", "EOF"),
            (r#"{"api_bas": "/api"}"#, "api_bas"),
            (r#"{"api_base": "api"}"#, "api_base"),
            (r#"{"api_base": "//evil.example"}"#, "api_base"),
            (r#"{"sse_path": "sse"}"#, "sse_path"),
            (r#"{"timings": {"connect_timeout_ms": 1}}"#, "connect_timeout_ms"),
            (r#"{"timings": {"backoff_base_ms": 60000}}"#, "backoff_base_ms"),
            (r#"{"timings": {"max_retries": -1}}"#, "-1"),
            (r#"{"timings": {"max_retry": 1}}"#, "max_retry"),
            (r#"{"timings": 7}"#, "7"),
            (r#"{"expects_hello": null}"#, "null"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
