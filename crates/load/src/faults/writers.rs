//! People who write, and the changes that the server has acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::{Coachee, People};
use crate::server::Server;

/// The time limit of a response.
const LIMIT: Duration = Duration::from_secs(15);

/// Returns a client of the server.
pub(super) fn client() -> anyhow::Result<Client> {
    Ok(Client::builder().timeout(LIMIT).build()?)
}

/// Adds an agreement.
pub(super) async fn write(client: &Client, server: &Server, coachee: &Coachee, text: &str) -> anyhow::Result<Response> {
    let body = json!({ "coaching_session_id": coachee.session, "body": text });
    let request = client
        .post(format!("http://{}/api/agreements", server.address))
        .header("cookie", &coachee.person.cookie)
        .header("content-type", "application/json")
        .body(body.to_string());
    Ok(request.send().await?)
}

/// Adds an agreement and returns it. Fails if the request is refused.
pub(super) async fn made(client: &Client, server: &Server, coachee: &Coachee, text: &str) -> anyhow::Result<Value> {
    let answer = write(client, server, coachee, text).await?.error_for_status()?;
    let mut answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(answer["data"].take())
}

/// Opens a stream of a person.
pub(super) async fn listen(server: &Server, coachee: &Coachee) -> anyhow::Result<Response> {
    let request = Client::new()
        .get(format!("http://{}/api/sse", server.address))
        .header("cookie", &coachee.person.cookie);
    Ok(request.send().await?.error_for_status()?)
}

/// Reads the agreements of a coaching session.
pub(super) async fn read(client: &Client, server: &Server, coachee: &Coachee) -> anyhow::Result<Value> {
    let path = format!("/api/agreements?coaching_session_id={}", coachee.session);
    let request = client
        .get(format!("http://{}{path}", server.address))
        .header("cookie", &coachee.person.cookie);
    let answer = request.send().await?;
    ensure!(answer.status().is_success(), "a read is {}", answer.status());
    Ok(serde_json::from_slice(&answer.bytes().await?)?)
}

/// Checks that a change is refused temporarily, with a status that says so and a time to wait.
pub(super) async fn check_refusal(answer: Response) -> anyhow::Result<()> {
    let status = answer.status().as_u16();
    ensure!(matches!(status, 503 | 507), "a change that can not be made is {status}");
    ensure!(answer.headers().contains_key("retry-after"), "no Retry-After");
    Ok(())
}

/// The ids of the acknowledged agreements, by coaching session.
#[derive(Debug, Default)]
pub(super) struct Acknowledged(Vec<(Uuid, BTreeSet<String>)>);

impl Acknowledged {
    /// Writes as all people at the same time until the server ends. Records all acknowledged changes.
    pub(super) async fn write_until_it_ends(&mut self, server: &Server, people: &People) -> anyhow::Result<()> {
        let client = client()?;
        let writers = people.coachees.iter().map(async |coachee| {
            let mut ids = BTreeSet::new();
            while let Ok(answer) = write(&client, server, coachee, "kept").await {
                let Ok(bytes) = answer.error_for_status()?.bytes().await else {
                    break;
                };
                let answer: Value = serde_json::from_slice(&bytes)?;
                ids.insert(answer["data"]["id"].as_str().context("no id")?.to_owned());
            }
            anyhow::Ok((coachee.session, ids))
        });
        self.0.extend(futures_util::future::try_join_all(writers).await?);
        Ok(())
    }

    /// Returns the number of acknowledged changes.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|(_, ids)| ids.len()).sum()
    }

    /// Checks that all acknowledged changes are there.
    pub(super) async fn check(&self, server: &Server, people: &People) -> anyhow::Result<()> {
        let client = client()?;
        for coachee in &people.coachees {
            let list = read(&client, server, coachee).await?;
            let rows = list["data"].as_array().context("no list")?;
            let there: BTreeSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
            let written = self.0.iter().filter(|(session, _)| *session == coachee.session);
            for id in written.flat_map(|(_, ids)| ids) {
                ensure!(
                    there.contains(id.as_str()),
                    "a change is lost that was acknowledged: {id}"
                );
            }
        }
        Ok(())
    }
}
