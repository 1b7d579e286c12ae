//! Whatever a client sends, the server answers as it should: in its own form, and never with a failure of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, unused_imports, reason = "the other tests use the rest")]
#[path = "../it/common/mod.rs"]
mod common;

mod patches;
mod positions;
mod routes;

use std::future::Future;

use common::{Answer, Person, TestServer, soon};
use tokio::runtime::Runtime;

/// A server, and a person who is signed in to it, for a search: its properties are not asynchronous.
struct Stage {
    runtime: Runtime,
    server: TestServer,
    person: Person,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let (server, person) = runtime.block_on(async {
            let server = TestServer::start().await;
            let person = server.sign_in("coach").await;
            (server, person)
        });
        Self {
            runtime,
            server,
            person,
        }
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Sends a request; once more if the connection that the client has kept ended meanwhile (RFC 9112, section 9.3.1).
async fn send(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let again = request.try_clone();
    let response = match (soon("an answer", request.send()).await, again) {
        (Err(_), Some(again)) => soon("an answer", again.send()).await,
        (first, _) => first,
    };
    let response = response.map_err(|error| format!("no answer: {error:?}"))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = soon("a body", response.text())
        .await
        .map_err(|error| error.to_string())?;
    Ok(Answer { status, headers, text })
}

/// Checks that an answer has the form of the interface, and blames nothing on the server.
fn check(answer: &Answer) -> Result<(), String> {
    // Signing out has nothing to say, nor has what refuses a head that is too long to be read.
    if matches!(answer.status, 200 | 414 | 431) && answer.text.is_empty() {
        return Ok(());
    }
    let json: serde_json::Value = serde_json::from_str(&answer.text).map_err(|error| format!("{error}: {answer:?}"))?;
    let said = json["status_code"].as_u64();
    // A deletion answers without an envelope, and a list of nothing says 204 in a 200, as the contract has it.
    let is_as_said = match said {
        None => answer.status < 300,
        Some(said) => said == u64::from(answer.status) || (answer.status, said) == (200, 204),
    };
    match answer.status {
        500.. => Err(format!("the server failed: {answer:?}")),
        _ if !is_as_said => Err(format!("status and body differ: {answer:?}")),
        400.. if json["message"].as_str().is_none_or(str::is_empty) => Err(format!("no sentence: {answer:?}")),
        _ => Ok(()),
    }
}
