//! What the server is told when it starts: the command line and its environment variables.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::BoolishValueParser;

use crate::auth::names_this_machine;
use crate::state::Tuning;

/// Freshet's server: REST, server-sent events and the built app from one process, over one SQLite file.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "freshet-server", version)]
pub struct Config {
    /// The address to listen on. Port 0 takes any free port.
    #[arg(long, env = "FRESHET_ADDR", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    /// The database file. It and its folder are created if missing.
    #[arg(long, env = "FRESHET_DATA", default_value = "data/freshet.db")]
    pub data: PathBuf,
    /// The folder with the built app.
    #[arg(long, env = "FRESHET_DIST", default_value = "dist")]
    pub dist: PathBuf,
    /// Puts two pairs of people to try it with into the database, if nobody is in it yet.
    #[arg(long, env = "FRESHET_SEED_DEMO", value_parser = BoolishValueParser::new())]
    pub seed_demo: bool,
    /// Another origin whose pages may use the API, such as `https://app.example`. Can be given more than once; by
    /// default only pages of this server may.
    #[arg(long, env = "FRESHET_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,
    /// After how many milliseconds of silence a stream carries a heartbeat.
    #[arg(long, env = "FRESHET_HEARTBEAT_MS", default_value_t = 15_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub heartbeat_ms: u64,
    /// A reverse proxy whose last `X-Forwarded-For` entry says where a request comes from. Can be given more than
    /// once; by default nobody is believed, and the limits below count everyone behind a proxy as one.
    #[arg(long, env = "FRESHET_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxy: Vec<IpAddr>,
    /// How many sign-ins a minute are tried for one email address from one network address. The network address gets
    /// six times as many for all, the email address twenty times as many from anywhere.
    #[arg(long, env = "FRESHET_SIGN_INS_PER_MINUTE", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub sign_ins_per_minute: u32,
    /// How many streams one person may have open. The oldest is closed for the next.
    #[arg(long, env = "FRESHET_STREAMS_PER_PERSON", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub streams_per_person: u16,
    /// After how many seconds a stream is closed and opened anew at the latest. A fifth of it is spread by chance, so
    /// that not everybody comes back at once.
    #[arg(long, env = "FRESHET_STREAM_LIFETIME_S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub stream_lifetime_s: u64,
    /// What `GET /metrics` asks for as a bearer token. Without one it answers programs on this machine only.
    #[arg(long, env = "FRESHET_METRICS_TOKEN", hide_env_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub metrics_token: Option<String>,
    /// How many streams a minute one person may open from one network address.
    #[arg(long, env = "FRESHET_STREAMS_PER_MINUTE", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub streams_per_minute: u32,
    /// How many changes a minute one person may make. A third of them may come at once.
    #[arg(long, env = "FRESHET_CHANGES_PER_MINUTE", default_value_t = 600, value_parser = clap::value_parser!(u32).range(3..=1_000_000))]
    pub changes_per_minute: u32,
    /// How many MiB of the disk stay free: changes are refused rather than take them, while reading goes on.
    #[arg(long, env = "FRESHET_DISK_RESERVE_MB", default_value_t = 200, value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    pub disk_reserve_mb: u64,
    /// How many MiB of events are kept for streams that come back. Older ones are removed; their readers read
    /// everything again.
    #[arg(long, env = "FRESHET_LOG_MB", default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub log_mb: u64,
    /// For how many hours they are kept.
    #[arg(long, env = "FRESHET_LOG_HOURS", default_value_t = 168, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub log_hours: u64,
}

impl Config {
    /// The numbers that were given, and production's for the rest.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        Tuning {
            heartbeat: Duration::from_millis(self.heartbeat_ms),
            sign_ins_per_minute: self.sign_ins_per_minute,
            streams_per_minute: self.streams_per_minute,
            streams_per_person: self.streams_per_person.into(),
            stream_lifetime: Duration::from_secs(self.stream_lifetime_s),
            changes_per_minute: self.changes_per_minute,
            changes_at_once: self.changes_per_minute / 3,
            disk_reserve: self.disk_reserve_mb << 20,
            log_bytes: self.log_mb << 20,
            log_age: Duration::from_secs(self.log_hours * 60 * 60),
            ..Tuning::default()
        }
    }
}

/// The origin of a page: scheme, host and port, as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin as browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as in a `Host` header.
    pub(crate) fn place(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, place)| place)
    }

    /// Whether its pages come over https.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether its pages come from the machine of the browser.
    pub(crate) fn is_local(&self) -> bool {
        names_this_machine(self.place())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an origin such as https://app.example, without a path; * is not one")]
pub struct ParseOriginError;

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.to_ascii_lowercase();
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(ParseOriginError)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]_".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(ParseOriginError);
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Config, Origin};

    #[test]
    fn an_origin_is_scheme_host_and_port_and_never_a_wildcard() {
        for good in ["http://localhost:3000", "https://app.example", "http://[::1]:80"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "",
            "null",
            "app.example",
            "https://",
            "https://app.example/",
            "https://a b",
            "ftp://a",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_option_has_a_default() {
        let config = Config::try_parse_from(["freshet-server"]).unwrap();
        assert_eq!(config.addr.to_string(), "127.0.0.1:8080");
        assert!(config.allow_origin.is_empty());
    }
}
