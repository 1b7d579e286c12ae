//! Faults that are injected into the server process. All acknowledged changes must be there afterwards, and the server
//! must recover by itself.

mod clock;
mod disk;
mod kill;
mod lock;
mod soak;
mod writers;

use anyhow::Context as _;

use crate::Arguments;

/// Injects all faults, or only the named one, and prints the results.
///
/// # Errors
///
/// Fails at the first fault that the server does not handle.
pub(crate) async fn run(options: &Arguments, only: &str) -> anyhow::Result<()> {
    let wanted = |name: &str| only.is_empty() || name == only;
    let server = &options.server;
    if wanted("kill") {
        tell("kill", kill::run(server, options.kills).await)?;
    }
    if wanted("disk") {
        tell("disk", disk::run(server).await)?;
    }
    if wanted("lock") {
        tell("lock", lock::run(server).await)?;
    }
    if wanted("clock") {
        tell("clock", clock::run(server).await)?;
    }
    if wanted("soak") {
        tell("soak", soak::run(server, options.minutes).await)?;
    }
    Ok(())
}

fn tell(name: &str, outcome: anyhow::Result<String>) -> anyhow::Result<()> {
    let outcome = outcome.with_context(|| format!("{name}: the server does not take it as it should"))?;
    println!("{name:<6} {outcome}");
    Ok(())
}
