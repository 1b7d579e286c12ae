//! `bench`: measures the speed on this machine. Each subject has a file.

mod cores;
mod page;
mod server;

use clap::{Args, ValueEnum};

/// The measurements to make.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// The part of the product.
    #[arg(default_value = "cores")]
    subject: Subject,
    /// Only benchmarks with this text in their name; for the server, this number of streams, or `fairness`.
    #[arg(long)]
    only: Option<String>,
}

/// The subject of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// The computations of the app, on this machine without a browser.
    Cores,
    /// The app in a browser, beside the same page in React and SWR. Needs Node.js.
    Page,
    /// The server, with up to ten thousand streams.
    Server,
    /// The server under faults: killed, without a disk, with a locked database, with its clock set, and under load for
    /// minutes.
    Faults,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match options.subject {
        Subject::Cores => cores::run(options.only.as_deref()),
        Subject::Page => page::run(),
        Subject::Server => server::run(options.only.as_deref()),
        Subject::Faults => server::faults(options.only.as_deref()),
    }
}
