//! `dev`: server and app from source, side by side.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Args;

use crate::shell::{cargo, note, step};
use crate::start::{Up, ended_by_itself, must_be_free, sign_ins, wait_until_up};
use crate::supervisor::{Happening, Supervisor};
use crate::{build, setup};

/// The port of the server; `[[proxy]]` in Trunk.toml names it.
const SERVER_PORT: u16 = 8081;

/// The address of the page.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The port of the page on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let server_address = SocketAddr::from((Ipv4Addr::LOCALHOST, SERVER_PORT));
    let page_address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    must_be_free(server_address)?;
    must_be_free(page_address)?;
    setup::run(&setup::Options::default())?;

    let mut supervisor = Supervisor::new()?;
    step("Building and starting the server (debug)");
    let mut server = cargo();
    server.args(["run", "--package", "server", "--bin", build::SERVER, "--"]);
    // Uses a separate database, since `start` may be running at the same time.
    server.args([
        "--addr",
        &server_address.to_string(),
        "--data",
        "data/dev.db",
        "--dist",
        "dist",
        "--seed-demo",
    ]);
    // Trunk serves the pages, from another origin.
    server.args(["--allow-origin", &format!("http://{page_address}"), "--allow-origin"]);
    server.arg(format!("http://localhost:{}", options.port));
    supervisor.spawn("the server", &mut server)?;
    if wait_until_up(&supervisor, server_address)? == Up::Interrupted {
        return Ok(());
    }

    step("Building and serving the app (debug)");
    let mut app = build::trunk();
    app.args(["serve", "--address", "127.0.0.1", "--port", &options.port.to_string()]);
    supervisor.spawn("trunk", &mut app)?;
    if wait_until_up(&supervisor, page_address)? == Up::Interrupted {
        return Ok(());
    }
    step(&format!(
        "The app is at http://{page_address} and reloads when its source changes"
    ));
    sign_ins();
    note("Restart this after a change to the server. Ctrl-C ends both.");
    match supervisor.next() {
        Happening::Interrupted => {
            step("Stopping");
            Ok(())
        }
        Happening::Ended { name, status } => ended_by_itself(name, status),
    }
}
