//! `bench`: how fast it is, measured here and now. One file for each thing that can be measured.

mod cores;
mod page;
mod server;

use clap::{Args, ValueEnum};

/// What to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Which part of the product.
    #[arg(default_value = "cores")]
    subject: Subject,
    /// Only what has this in its name; of the server, only so many streams, or `fairness`.
    #[arg(long)]
    only: Option<String>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// What the app computes, on this machine without a browser.
    Cores,
    /// The app in a browser, beside the same page in React and SWR. Needs Node.js.
    Page,
    /// The server, with up to ten thousand streams.
    Server,
    /// The server on a bad day: killed, without a disk, locked out, with its clock set, and worked for minutes.
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
