//! `start`: sets up, builds and runs the product on this machine with one command.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::shell::{note, program, step};
use crate::supervisor::{Happening, Supervisor};
use crate::{build, setup};

/// The interval of the checks whether the server answers.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// The address of the server.
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

/// Prints the accounts of a database that this task has created.
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

/// Waits until a program answers at `address`.
///
/// # Errors
///
/// If a program that should answer has ended instead.
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

/// Checks that no program listens at `address`.
///
/// # Errors
///
/// If a program listens there already.
pub(crate) fn must_be_free(address: SocketAddr) -> anyhow::Result<()> {
    TcpListener::bind(address).map(drop).with_context(|| {
        format!(
            "port {} is taken: stop what listens there, or choose another port with --port",
            address.port()
        )
    })
}

/// Fails with the exit status of a program that has ended without a request.
///
/// # Errors
///
/// Always.
pub(crate) fn ended_by_itself<T>(name: &str, status: Option<std::process::ExitStatus>) -> anyhow::Result<T> {
    match status {
        Some(status) => bail!("{name} has ended by itself ({status}): what it printed says why"),
        None => bail!("{name} has ended by itself: what it printed says why"),
    }
}
