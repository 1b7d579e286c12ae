//! The results as a table.

use std::time::Duration;

use crate::tally::Flaws;

/// The results of one run.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) streams: usize,
    /// The number of streams that the server has ended.
    pub(crate) ended_early: usize,
    pub(crate) load_average: f64,
    /// The memory for all streams, including the messages, in bytes.
    pub(crate) memory: u64,
    /// The share of one core that the streams use without messages.
    pub(crate) idle: f64,
    /// The delay of each message to all people for each stream, shortest first.
    pub(crate) broadcast: Vec<Duration>,
    pub(crate) broadcast_cpu: Duration,
    /// The delay of each message to one person, shortest first.
    pub(crate) single: Vec<Duration>,
    pub(crate) single_cpu: Duration,
    pub(crate) flaws: Flaws,
    /// The time after the last stream was closed until the server counted no streams.
    pub(crate) count_back: Duration,
}

impl Measured {
    pub(crate) fn is_flawless(&self) -> bool {
        self.flaws == Flaws::default() && self.ended_early == 0
    }

    pub(crate) fn line(&self) -> String {
        let Flaws { lost, doubled, astray } = self.flaws;
        let each = |cpu: Duration, deliveries: &[Duration]| cpu.as_secs_f64() * 1e6 / count(deliveries.len()).max(1.0);
        format!(
            "{:>7}  {:>13}  {:>9.1}  {:>9.1}  {:>7.1}  {:>14}  {:>9.0}  {:>10.2}  {:>17}  {:>4.1}",
            self.streams,
            percentiles(&self.broadcast),
            self.memory_of_one() / 1e3,
            each(self.broadcast_cpu, &self.broadcast),
            self.idle * 100.0,
            percentiles(&self.single),
            each(self.single_cpu, &self.single),
            self.count_back.as_secs_f64(),
            format!("{lost}/{doubled}/{astray}/{}", self.ended_early),
            self.load_average,
        )
    }

    fn memory_of_one(&self) -> f64 {
        u32::try_from(self.memory / 1_000).map_or(f64::MAX, f64::from) * 1e3 / count(self.streams)
    }
}

/// Returns the headings of the columns.
pub(crate) const fn head() -> &'static str {
    "streams  broadcast, ms  kB/stream  µs/deliv.  idle, %  one person, ms  µs/change  count 0, s  \
     lost/dbl/astr/end  load"
}

/// Returns the explanation of the columns.
pub(crate) const fn legend() -> &'static str {
    "\nFrom the request that changes something until the event was read, commit included: median / 99th percentile.\n\
     kB/stream: memory after all messages. µs: time on a core of the server, for each event delivered or each change.\n\
     idle: share of one core while nothing is sent. count 0: until the server knows that everybody has left.\n\
     Messages lost, doubled or gone astray, and streams ended by the server. Client and server share the machine: load\n\
     is its load average, and numbers count only beside others of the same run."
}

/// Returns the load average of the machine, including the run itself.
pub(crate) fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|load| load.parse().ok())
        .unwrap_or(f64::NAN)
}

fn percentiles(sorted: &[Duration]) -> String {
    let at = |percent: usize| {
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(f64::NAN, Duration::as_secs_f64) * 1e3
    };
    format!("{:.1}/{:.1}", at(50), at(99))
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, head, percentiles};
    use crate::tally::Flaws;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let hundred: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentiles(&hundred), "51.0/100.0");
        assert_eq!(percentiles(&hundred[..1]), "1.0/1.0");
        assert_eq!(percentiles(&[]), "NaN/NaN");
    }

    #[test]
    fn report_columns_align() {
        let mut measured = Measured {
            streams: 10_000,
            ended_early: 0,
            load_average: 2.0,
            memory: 150_000_000,
            idle: 0.01,
            broadcast: vec![Duration::from_millis(80); 4],
            broadcast_cpu: Duration::from_micros(44),
            single: vec![Duration::from_millis(2)],
            single_cpu: Duration::from_micros(300),
            flaws: Flaws::default(),
            count_back: Duration::from_millis(210),
        };
        let line = measured.line();
        assert_eq!(line.chars().count(), head().chars().count(), "\n{}\n{line}", head());
        for number in [
            "10000",
            "80.0/80.0",
            "15.0",
            "11.0",
            "2.0/2.0",
            "300",
            "0.21",
            "0/0/0/0",
        ] {
            assert!(line.contains(number), "{number} in {line}");
        }
        assert!(measured.is_flawless());
        measured.flaws.astray = 1;
        assert!(!measured.is_flawless());
    }
}
