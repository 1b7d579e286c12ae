//! Sends messages. Each message is a request that changes something.

use std::time::Duration;

use anyhow::ensure;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::frames::Frame;
use crate::people::People;
use crate::server::Server;
use crate::tally::Tally;

/// The text before the number of a message.
const MARK: &str = "message ";

/// The number of the first message to all people.
const FIRST_BROADCAST: u64 = 1;

/// The number of the first message to one person.
const FIRST_SINGLE: u64 = 1 << 40;

/// The length of the text of a message.
const LENGTH: usize = 300;

/// Returns the number of the message in an event, or 0 if it contains none.
pub(crate) fn number_of(frame: Frame<'_>) -> u64 {
    let marked = frame.data.split_once(MARK).and_then(|(_, rest)| rest.split(';').next());
    marked.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The sender of all messages, signed in as the coach.
#[derive(Debug)]
pub(crate) struct Publisher<'a> {
    client: Client,
    base: String,
    people: &'a People,
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(server: &Server, people: &'a People) -> Self {
        Self {
            client: Client::new(),
            base: format!("http://{}", server.address),
            people,
        }
    }

    /// Sends `messages` messages to all people, with a pause between them.
    pub(crate) async fn broadcast(&self, messages: u32, pause: Duration, tally: &Tally) -> anyhow::Result<()> {
        let mut pauses = interval(pause.max(Duration::from_millis(1)));
        for number in (FIRST_BROADCAST..).take(messages as usize) {
            pauses.tick().await;
            tally.send(number, None);
            let request = self.client.post(format!("{}/api/announcements", self.base));
            self.ask(request, json!({ "message": text(number) })).await?;
        }
        Ok(())
    }

    /// Sends `rate` messages in a second, in turn to the first `people` coachees.
    pub(crate) async fn single(&self, rate: u32, seconds: u32, people: usize, tally: &Tally) -> anyhow::Result<()> {
        let coachees = self.people.coachees.iter().enumerate().take(people).cycle();
        let mut pauses = interval(Duration::from_secs(1) / rate.max(1));
        pauses.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut asked = FuturesUnordered::new();
        for (number, (stream, coachee)) in (FIRST_SINGLE..).zip(coachees).take((rate * seconds) as usize) {
            loop {
                tokio::select! {
                    _ = pauses.tick() => break,
                    Some(answer) = asked.next() => answer?,
                }
            }
            let body = json!({
                "coaching_session_id": coachee.session,
                "body": text(number),
                "status": "NotStarted",
            });
            tally.send(number, Some(stream));
            let request = self.client.post(format!("{}/api/actions", self.base));
            asked.push(self.ask(request, body));
        }
        while let Some(answer) = asked.next().await {
            answer?;
        }
        Ok(())
    }

    async fn ask(&self, request: reqwest::RequestBuilder, body: Value) -> anyhow::Result<()> {
        let cookie = &self.people.coach.cookie;
        let answer = request.header("cookie", cookie).json(&body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "a message was refused: {status} {text}");
        Ok(())
    }
}

/// Returns the text of a message.
fn text(number: u64) -> String {
    format!("{:.<LENGTH$}", format!("{MARK}{number};"))
}

#[cfg(test)]
mod tests {
    use super::{FIRST_SINGLE, LENGTH, number_of, text};
    use crate::frames::Frame;

    #[test]
    fn a_message_is_known_by_its_mark() {
        let number = |data: &str| {
            number_of(Frame {
                event: "action_created",
                seq: Some(7),
                data,
            })
        };
        let body = serde_json::json!({ "type": "action_created", "data": { "body": text(FIRST_SINGLE + 1) } });
        assert_eq!(number(&body.to_string()), FIRST_SINGLE + 1);
        assert_eq!(number("{}"), 0);
        assert_eq!(text(FIRST_SINGLE).len(), LENGTH);
    }
}
