//! The configuration of the server: the command line and its environment variables.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::BoolishValueParser;

use crate::auth::names_this_machine;
use crate::server::StartError;
use crate::state::Tuning;

/// Freshet's server: REST, server-sent events and the built app from one process, over one SQLite file.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "freshet-server", version)]
pub struct Cli {
    /// The options of the server, which runs if there is no command.
    #[command(flatten)]
    pub config: Config,
    /// The command to carry out instead.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands for the database file, as alternatives to serving it.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Copies the database into a new file. A running server is not interrupted.
    Backup {
        /// The new file.
        target: PathBuf,
    },
    /// Replaces the database with a backup, and keeps the replaced file. The server must be stopped. All people have to
    /// sign in again.
    Restore {
        /// The backup.
        source: PathBuf,
    },
    /// Looks for damage in the database or in a backup, and prints the damage that it finds. A running server is not
    /// interrupted.
    Check {
        /// The file to check. The default is the database.
        file: Option<PathBuf>,
    },
}

/// The options of the server.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "freshet-server", version)]
pub struct Config {
    /// The address to listen on. Port 0 takes any free port.
    #[arg(long, env = "FRESHET_ADDR", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    /// The database file. The file and its folder are created if they are missing.
    #[arg(long, env = "FRESHET_DATA", default_value = "data/freshet.db", global = true)]
    pub data: PathBuf,
    /// The folder with the built app.
    #[arg(long, env = "FRESHET_DIST", default_value = "dist")]
    pub dist: PathBuf,
    /// Adds demo people (two pairs) to a database without people.
    #[arg(long, env = "FRESHET_SEED_DEMO", value_parser = BoolishValueParser::new())]
    pub seed_demo: bool,
    /// Another origin whose pages may use the API, such as `https://app.example`. Can be given more than once. By
    /// default only pages of this server may use it.
    #[arg(long, env = "FRESHET_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,
    /// The longest silence of a stream, in milliseconds. A heartbeat is sent after it.
    #[arg(long, env = "FRESHET_HEARTBEAT_MS", default_value_t = 15_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub heartbeat_ms: u64,
    /// A reverse proxy whose last `X-Forwarded-For` entry names the client. Can be given more than once. By default the
    /// header is ignored, and the limits below count all clients of a proxy as one.
    #[arg(long, env = "FRESHET_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxy: Vec<IpAddr>,
    /// The maximum number of connections of one network address. A /64 of IPv6 counts as one address. A trusted proxy
    /// has no limit. The default is 512, and at most half of the limit of open files.
    #[arg(long, env = "FRESHET_CONNECTIONS_PER_ADDRESS", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: Option<u32>,
    /// The maximum number of sign-in attempts in a minute for one email address from one network address. For all email
    /// addresses together, a network address has six times as many, and a /48 of IPv6 twenty-four times as many. One
    /// account has at most a hundred failed sign-ins in an hour, from all network addresses together.
    #[arg(long, env = "FRESHET_SIGN_INS_PER_MINUTE", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub sign_ins_per_minute: u32,
    /// The number of seconds without a request after which a sign-in ends.
    #[arg(long, env = "FRESHET_SIGN_IN_IDLE_S", default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(60..=31_536_000))]
    pub sign_in_idle_s: u64,
    /// The number of seconds after which a sign-in ends, used or not.
    #[arg(long, env = "FRESHET_SIGN_IN_LIFETIME_S", default_value_t = 2_592_000, value_parser = clap::value_parser!(u64).range(60..=31_536_000))]
    pub sign_in_lifetime_s: u64,
    /// A file for sign-ins, failed sign-ins and refusals, each with person and network address. Each entry is one line
    /// of JSON, which is appended. The file names people, so only few people should read it. Without the option such
    /// entries are not written at all.
    #[arg(long, env = "FRESHET_AUDIT_LOG")]
    pub audit_log: Option<PathBuf>,
    /// The maximum number of open streams of one person. The oldest one is closed for the next.
    #[arg(long, env = "FRESHET_STREAMS_PER_PERSON", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub streams_per_person: u16,
    /// The longest life of a stream, in seconds. Then it is closed, and the app opens it again. A random share of up to
    /// a fifth is subtracted, so that not all clients reconnect at once.
    #[arg(long, env = "FRESHET_STREAM_LIFETIME_S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub stream_lifetime_s: u64,
    /// The bearer token that `GET /metrics` requires. Without a token, every request of the metrics is refused.
    #[arg(long, env = "FRESHET_METRICS_TOKEN", hide_env_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub metrics_token: Option<String>,
    /// The maximum number of streams that one person may open in a minute from one network address.
    #[arg(long, env = "FRESHET_STREAMS_PER_MINUTE", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub streams_per_minute: u32,
    /// The maximum number of changes that one person may make in a minute. A third of them may come at once.
    #[arg(long, env = "FRESHET_CHANGES_PER_MINUTE", default_value_t = 600, value_parser = clap::value_parser!(u32).range(3..=1_000_000))]
    pub changes_per_minute: u32,
    /// The number of MiB of the disk that stay free. Changes that would use them are refused, while reading goes on.
    #[arg(long, env = "FRESHET_DISK_RESERVE_MB", default_value_t = 200, value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    pub disk_reserve_mb: u64,
    /// The number of MiB of events that are kept for streams that resume. Older events are removed. A client that needs
    /// them reads everything again.
    #[arg(long, env = "FRESHET_LOG_MB", default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub log_mb: u64,
    /// The number of hours for which events are kept.
    #[arg(long, env = "FRESHET_LOG_HOURS", default_value_t = 168, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub log_hours: u64,
}

impl Config {
    /// Returns the configured values, and the default values of production for the rest.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        Tuning {
            heartbeat: Duration::from_millis(self.heartbeat_ms),
            sign_ins_per_minute: self.sign_ins_per_minute,
            sign_in_idle: Duration::from_secs(self.sign_in_idle_s),
            sign_in_lifetime: Duration::from_secs(self.sign_in_lifetime_s),
            streams_per_minute: self.streams_per_minute,
            connections_per_address: self
                .connections_per_address
                .map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
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

    /// Refuses the address of a database in place of the path of a file.
    ///
    /// # Errors
    ///
    /// [`StartError::DataIsAddress`] for `postgres://…`, `file:…`, `sqlite:…` and similar addresses.
    pub fn check_data(&self) -> Result<(), StartError> {
        let address = self.data.to_str().and_then(scheme);
        address.map_or(Ok(()), |scheme| Err(StartError::DataIsAddress(scheme.to_owned())))
    }
}

/// The prefixes of a file name that have a special meaning for SQLite or its libraries.
const SCHEMES: [&str; 5] = ["file:", "sqlite:", "sqlite3:", "jdbc:", ":memory:"];

/// Returns the beginning of an address, such as `postgres://…`, if the text is an address. Other paths may contain
/// colons.
fn scheme(data: &str) -> Option<&str> {
    if let Some((scheme, _)) = data.split_once("://") {
        let mut letters = scheme.bytes();
        let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
        if is_scheme {
            return data.get(..scheme.len() + "://".len());
        }
    }
    let begins = |scheme: &&str| {
        data.get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    SCHEMES.into_iter().find(begins)
}

/// The origin of a page: scheme, host and port, as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Returns the origin as browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns host and port, as in a `Host` header.
    pub(crate) fn place(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, place)| place)
    }

    /// Returns whether the pages of the origin are loaded over https.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Returns whether the pages of the origin are loaded from the machine of the browser.
    pub(crate) fn is_local(&self) -> bool {
        names_this_machine(self.place())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an origin.
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

    use super::{Config, Origin, Tuning};

    #[test]
    fn origin_rejects_wildcards_and_paths() {
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

    #[test]
    fn options_have_the_defaults_of_the_tuning() {
        let config = Config::try_parse_from(["freshet-server"]).unwrap();
        assert_eq!(config.tuning(), Tuning::default());
    }
}
