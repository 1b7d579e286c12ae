//! Runs the scripted server until it is ended.
#![expect(clippy::print_stdout, reason = "whoever starts it waits for this line")]

use anyhow::Context as _;
use e2e::scripted;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::var(scripted::ADDRESS_VARIABLE).unwrap_or_else(|_| scripted::DEFAULT_ADDRESS.to_owned());
    let listener = TcpListener::bind(&address).await.with_context(|| {
        format!(
            "cannot listen on {address}: set {} to another",
            scripted::ADDRESS_VARIABLE
        )
    })?;
    println!("The scripted stream listens on http://{}", listener.local_addr()?);
    scripted::serve(listener).await.context("cannot serve")
}
