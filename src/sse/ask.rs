//! Requests that make up for what `EventSource` lacks: it does not report why a stream was refused, and it can not
//! identify the person where cookies are not sent.

use std::time::Duration;

use wire::json::{Object, Unreadable};

use super::transport::Answer;
use crate::backoff::retry_after;
use crate::browser::clock;
use crate::browser::fetch::{FetchError, Request, Response, Verb, fetch, is_from_proxy};

/// The time limit of a request. The time limits of the connection are much shorter.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks this address why the server refuses a stream.
pub(super) async fn why(url: String) -> Answer {
    answer(&ask(Verb::Get, url).await)
}

/// Fetches a ticket for one stream.
pub(super) async fn ticket(url: String) -> Result<String, Answer> {
    let response = ask(Verb::Post, url).await;
    if let Ok(response) = &response
        && (200..300).contains(&response.status)
    {
        return issued(&response.body).or(Err(Answer::Unclear));
    }
    Err(answer(&response))
}

fn issued(body: &[u8]) -> Result<String, Unreadable> {
    let data = Object::read_bytes(body)?.text("data")?.ok_or(Unreadable)?;
    Object::read(data)?.take("ticket")
}

async fn ask(method: Verb, url: String) -> Result<Response, FetchError> {
    let request = Request {
        method,
        url,
        headers: Vec::new(),
        body: None,
    };
    fetch(request, LIMIT).await
}

fn answer(response: &Result<Response, FetchError>) -> Answer {
    match response {
        // A proxy that asks for a password has not asked the server whether this person is signed in.
        Ok(response) if is_from_proxy(&response.body) => Answer::Unreachable,
        Ok(Response {
            status,
            retry_after: wait,
            ..
        }) => {
            let wait = wait.as_deref().and_then(|text| retry_after(text, clock::wall()));
            Answer::from_status(*status, wait)
        }
        Err(_) => Answer::Unreachable,
    }
}
