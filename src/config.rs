//! The configuration of this deployment, read once at the start.
//!
//! It stands in `index.html` as JSON, so that one build serves everywhere.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::sse::Settings;

/// The id of the element in `index.html` that holds the configuration.
pub const ELEMENT: &str = "freshet-config";

/// The configuration of this deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What every path of the API is appended to. Without a slash at its end.
    pub api_base: String,
    /// Where the stream is.
    pub stream_url: String,
    /// What the `x-version` header says, for servers that require it.
    pub api_version: Option<String>,
    /// The numbers of the connection.
    pub connection: Settings,
    /// Whether to write to the browser's console.
    pub enable_logging: bool,
}

/// What is wrong with the configuration, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

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
        let values: Map<String, Value> =
            serde_json::from_slice(text.as_bytes()).map_err(|error| ConfigError(error.to_string()))?;
        let (mut api_base, mut sse_path) = ("/api", "/sse");
        let mut config = Self {
            api_base: String::new(),
            stream_url: String::new(),
            api_version: None,
            connection: Settings::default(),
            enable_logging: false,
        };
        for (name, value) in &values {
            let wrong = |wanted| wrong(name, wanted, value);
            match name.as_str() {
                "api_base" => api_base = value.as_str().ok_or_else(|| wrong("text"))?,
                "sse_path" => sse_path = value.as_str().ok_or_else(|| wrong("text"))?,
                "api_version" if value.is_null() => {}
                "api_version" => {
                    config.api_version = Some(value.as_str().ok_or_else(|| wrong("text or null"))?.to_owned());
                }
                "expects_hello" => {
                    config.connection.expects_hello = value.as_bool().ok_or_else(|| wrong("true or false"))?;
                }
                "timings" => timings(
                    value.as_object().ok_or_else(|| wrong("an object"))?,
                    &mut config.connection,
                )?,
                "enable_logging" => config.enable_logging = value.as_bool().ok_or_else(|| wrong("true or false"))?,
                _ => return Err(unknown(name)),
            }
        }
        let api_base = api_base.trim_end_matches('/');
        let is_address = api_base.is_empty()
            || api_base.starts_with('/') && !api_base.starts_with("//")
            || api_base.starts_with("http://")
            || api_base.starts_with("https://");
        if !is_address {
            return Err(ConfigError(format!(
                "api_base must be a path such as \"/api\" or an address such as \"https://api.example.com\", but is \"{api_base}\""
            )));
        }
        if !sse_path.starts_with('/') {
            return Err(ConfigError(format!(
                "sse_path must start with a slash, but is \"{sse_path}\""
            )));
        }
        config.stream_url = format!("{api_base}{sse_path}");
        config.api_base = api_base.to_owned();
        Ok(config)
    }
}

fn timings(values: &Map<String, Value>, settings: &mut Settings) -> Result<(), ConfigError> {
    for (name, value) in values {
        let duration = || match value.as_u64() {
            Some(millis @ 100..=3_600_000) => Ok(Duration::from_millis(millis)),
            _ => Err(wrong(
                &format!("timings.{name}"),
                "from 100 to 3600000 milliseconds",
                value,
            )),
        };
        match name.as_str() {
            _ if value.is_null() => {}
            "backoff_base_ms" => settings.backoff.base = duration()?,
            "backoff_cap_ms" => settings.backoff.cap = duration()?,
            "connect_timeout_ms" => settings.connect_timeout = duration()?,
            "stable_after_ms" => settings.stable_after = duration()?,
            "max_retries" => {
                let retries = value.as_u64().and_then(|retries| retries.try_into().ok());
                settings.max_retries = retries.ok_or_else(|| wrong("timings.max_retries", "a small number", value))?;
            }
            _ => return Err(unknown(&format!("timings.{name}"))),
        }
    }
    if settings.backoff.base > settings.backoff.cap {
        return Err(ConfigError(
            "timings.backoff_base_ms must not exceed timings.backoff_cap_ms".to_owned(),
        ));
    }
    Ok(())
}

fn wrong(name: &str, wanted: &str, value: &Value) -> ConfigError {
    let found = serde_json::to_string(value).unwrap_or_default();
    ConfigError(format!("{name} must be {wanted}, but is {found}"))
}

fn unknown(name: &str) -> ConfigError {
    ConfigError(format!("there is no value called {name}"))
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
    fn another_server_is_a_matter_of_three_values() {
        let text = r#"{"api_base": "http://127.0.0.1:4000/", "api_version": "1.0.0-beta1", "expects_hello": false}"#;
        let config = Config::parse(text).unwrap();
        assert_eq!(config.stream_url, "http://127.0.0.1:4000/sse");
        assert_eq!(config.api_version.as_deref(), Some("1.0.0-beta1"));
        assert!(!config.connection.expects_hello);
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
            (r#"{"timings": {"max_retry": 1}}"#, "timings.max_retry"),
            (r#"{"timings": 7}"#, "an object"),
            (r#"{"expects_hello": null}"#, "expects_hello"),
            (r#"{"api_version": 1}"#, "api_version must be text or null, but is 1"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
