//! The server's HTTP interface, used by somebody without a browser.

use anyhow::{Context as _, ensure};
use reqwest::{Client, Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::{Action, Agreement, CoachingSession, CoachingSessionId, Envelope, Goal, ItemStatus, User};

use crate::items::Kind;
use crate::person::PASSWORD;

/// Somebody who is signed in without a browser.
#[derive(Debug)]
pub struct Api {
    /// Who.
    pub user: User,
    client: Client,
    origin: String,
}

/// What is stored of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// What it says.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
}

impl Api {
    /// Signs somebody of the demonstration data in.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn sign_in(origin: &str, email: &str) -> anyhow::Result<Self> {
        let client = Client::builder().cookie_store(true).build()?;
        let form = [("email", email), ("password", PASSWORD)];
        let request = client
            .post(format!("{origin}/api/login"))
            .header("origin", origin)
            .form(&form);
        let user = data(request.send().await?)
            .await
            .with_context(|| format!("signing {email} in"))?;
        Ok(Self {
            user,
            client,
            origin: origin.to_owned(),
        })
    }

    /// Reads what is below `/api`.
    ///
    /// # Errors
    ///
    /// When the server refuses or answers something else.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        data(self.send(Method::GET, path, &Value::Null).await?)
            .await
            .with_context(|| format!("GET {path}"))
    }

    /// Sends a body to what is below `/api`.
    ///
    /// # Errors
    ///
    /// When the server can not be reached. A refusal is an answer.
    pub async fn send(&self, method: Method, path: &str, body: &impl Serialize) -> anyhow::Result<Response> {
        let request = self
            .client
            .request(method.clone(), format!("{}/api{path}", self.origin));
        let request = request.header("origin", &self.origin);
        let request = if method == Method::GET {
            request
        } else {
            request.json(body)
        };
        Ok(request.send().await?)
    }

    /// Adds an item to a session.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn create(&self, kind: Kind, session: &CoachingSession, text: &str) -> anyhow::Result<()> {
        let body = match kind {
            Kind::Action => {
                json!({"coaching_session_id": session.id, "body": text, "status": "NotStarted"})
            }
            Kind::Agreement => json!({"coaching_session_id": session.id, "body": text}),
            Kind::Goal => json!({
                "coaching_relationship_id": session.coaching_relationship_id,
                "title": text,
                "status": "NotStarted",
            }),
        };
        let response = self.send(Method::POST, &format!("/{}", kind.list()), &body).await?;
        ensure!(
            response.status().is_success(),
            "creating {kind:?}: {}",
            response.text().await?
        );
        Ok(())
    }

    /// What is stored.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn stored(&self, kind: Kind, session: &CoachingSession) -> anyhow::Result<Vec<Stored>> {
        let by_session = format!("/{}?coaching_session_id={}", kind.list(), session.id);
        let text = |text: Option<String>| text.unwrap_or_default();
        let done = |status| status == ItemStatus::Completed;
        Ok(match kind {
            Kind::Action => {
                let actions: Vec<Action> = self.get(&by_session).await?;
                let stored = |it: Action| Stored {
                    id: it.id.to_string(),
                    text: text(it.body),
                    done: done(it.status),
                };
                actions.into_iter().map(stored).collect()
            }
            Kind::Agreement => {
                let agreements: Vec<Agreement> = self.get(&by_session).await?;
                let stored = |it: Agreement| Stored {
                    id: it.id.to_string(),
                    text: text(it.body),
                    done: false,
                };
                agreements.into_iter().map(stored).collect()
            }
            Kind::Goal => {
                let path = format!("/goals?coaching_relationship_id={}", session.coaching_relationship_id);
                let goals: Vec<Goal> = self.get(&path).await?;
                let stored = |it: Goal| Stored {
                    id: it.id.to_string(),
                    text: text(it.title),
                    done: done(it.status),
                };
                goals.into_iter().map(stored).collect()
            }
        })
    }

    /// A session.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn session(&self, id: CoachingSessionId) -> anyhow::Result<CoachingSession> {
        self.get(&format!("/coaching_sessions/{id}")).await
    }
}

async fn data<T: DeserializeOwned>(response: Response) -> anyhow::Result<T> {
    let status = response.status();
    let text = response.text().await?;
    ensure!(status.is_success(), "{status}: {text}");
    let envelope: Envelope<T> = serde_json::from_str(&text).with_context(|| format!("unexpected: {text}"))?;
    Ok(envelope.data)
}
