//! A disk that repeatedly refuses all writes. Changes are refused meanwhile, and succeed right afterwards.

use std::path::Path;

use anyhow::Context as _;
use rlimit::{Resource, prlimit};

use super::writers::{check_refusal, client, made, read, write};
use crate::people::People;
use crate::server::Server;

const ROUNDS: u32 = 20;

pub(super) async fn run(program: &Path) -> anyhow::Result<String> {
    let server = Server::start(program).await?;
    let people = People::move_in(&server.database(), 1).await?;
    let (client, coachee) = (client()?, &people.coachees[0]);
    let id = server.id.try_into()?;
    for round in 0..ROUNDS {
        let limit = |bytes| prlimit(id, Resource::FSIZE, Some((bytes, rlimit::INFINITY)), None);
        limit(0)?;
        check_refusal(write(&client, &server, coachee, "refused").await?).await?;
        read(&client, &server, coachee).await?;
        limit(rlimit::INFINITY)?;
        let first = made(&client, &server, coachee, "made").await;
        first.with_context(|| format!("round {round}: the first change after it"))?;
    }
    server.stop().await?;
    Ok(format!(
        "{ROUNDS} times full: refused meanwhile, and the first change after it was made"
    ))
}
