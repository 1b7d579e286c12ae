//! `start`: the product on this machine, from nothing, in one command.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::shell::{note, program, step};
use crate::supervisor::{Happening, Supervisor};
use crate::{build, setup};

/// How often to look whether the server answers.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// Where to run it.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    must_be_free(address)?;
    setup::run(&setup::Options::default())?;
    build::run(&build::Options::default())?;

    step("Starting the server");
    let mut supervisor = Supervisor::new()?;
    let mut server = program(build::server_program()?);
    server.args([
        "--addr",
        &address.to_string(),
        "--data",
        "data/freshet.db",
        "--dist",
        "dist",
        "--seed-demo",
    ]);
    supervisor.spawn("the server", &mut server)?;
    if wait_until_up(&supervisor, address)? == Up::Interrupted {
        return Ok(());
    }
    step(&format!("Freshet runs at http://{address}"));
    sign_ins();
    note("Ctrl-C ends it.");
    match supervisor.next() {
        Happening::Interrupted => {
            step("Stopping");
            Ok(())
        }
        Happening::Ended { status, .. } => ended_by_itself("the server", status),
    }
}

/// Who can sign in to a data file that this made.
pub(crate) fn sign_ins() {
    note("Sign in as coach@example.com or, in another browser or a private window,");
    note("as coachee@example.com; the password is freshet-demo for both.");
}

/// Whether the server came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Up {
    Yes,
    Interrupted,
}

/// Waits until something answers at `address`.
///
/// # Errors
///
/// When a program that should answer has ended instead.
pub(crate) fn wait_until_up(supervisor: &Supervisor, address: SocketAddr) -> anyhow::Result<Up> {
    loop {
        if TcpStream::connect_timeout(&address, PROBE_INTERVAL).is_ok() {
            return Ok(Up::Yes);
        }
        match supervisor.next_within(PROBE_INTERVAL) {
            None => {}
            Some(Happening::Interrupted) => return Ok(Up::Interrupted),
            Some(Happening::Ended { name, status }) => return ended_by_itself(name, status),
        }
    }
}

/// # Errors
///
/// When something listens there already.
pub(crate) fn must_be_free(address: SocketAddr) -> anyhow::Result<()> {
    TcpListener::bind(address).map(drop).with_context(|| {
        format!(
            "port {} is taken: stop what listens there, or choose another port with --port",
            address.port()
        )
    })
}

/// # Errors
///
/// Always: nobody asked it to end.
pub(crate) fn ended_by_itself<T>(name: &str, status: Option<std::process::ExitStatus>) -> anyhow::Result<T> {
    match status {
        Some(status) => bail!("{name} has ended by itself ({status}): what it printed says why"),
        None => bail!("{name} has ended by itself: what it printed says why"),
    }
}
