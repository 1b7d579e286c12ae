//! A client of the REST interface with a cookie jar of its own.

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::{CoachingRelationship, CoachingSession, Cursor, ErrorBody, User, UserId};

use super::{METRICS_TOKEN, Stream, soon};

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .to_str()
            .unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The data in the envelope, after checking that status and envelope agree.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> T {
        let mut json = self.json();
        assert!((200..300).contains(&self.status), "{self:?}");
        assert_eq!(json["status_code"], self.status, "{self:?}");
        serde_json::from_value(json["data"].take()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that it is a refusal with this status and this word, in our own form.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, word: &str) -> ErrorBody {
        let body: ErrorBody = serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(
            (self.status, body.status_code, body.error.as_str()),
            (status, status, word),
            "{self:?}"
        );
        assert!(!body.message.is_empty());
        body
    }

    /// Checks that it says 204 inside a 200.
    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!(
            (self.status, self.text.as_str()),
            (200, r#"{"status_code":204,"data":null}"#)
        );
    }

    /// The version in the entity tag.
    #[track_caller]
    pub(crate) fn version(&self) -> u64 {
        let tag = self.header("etag");
        let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        version.unwrap_or_else(|| panic!("{tag}")).parse().unwrap()
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.header("x-event-cursor").parse().unwrap()
    }
}

/// Somebody with a browser.
pub(crate) struct Person {
    pub(crate) base: String,
    pub(crate) id: UserId,
    /// `name=value`, for what is written by hand.
    pub(crate) cookie: String,
    pub(crate) client: reqwest::Client,
}

impl Person {
    pub(crate) fn stranger(base: &str) -> Self {
        let client = reqwest::Client::builder().build().unwrap();
        Self {
            base: base.to_owned(),
            id: UserId::from_u128(0),
            cookie: String::new(),
            client,
        }
    }

    pub(crate) async fn sign_in(base: &str, name: &str) -> Self {
        let mut person = Self::stranger(base);
        let form = [
            ("email", format!("{name}@example.com")),
            ("password", server::DEMO_PASSWORD.to_owned()),
        ];
        let answer = person
            .send(person.request(Method::POST, "/api/login").form(&form))
            .await;
        person.id = answer.data::<User>().id;
        let cookie = answer.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        person.cookie = cookie.split(';').next().unwrap().to_owned();
        person
    }

    /// A request with this person's cookie, and what the metrics ask for.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if path == "/metrics" {
            request = request.bearer_auth(METRICS_TOKEN);
        }
        if self.cookie.is_empty() {
            request
        } else {
            request.header("cookie", self.cookie.as_str())
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        soon("an answer", async {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Answer {
                status,
                headers,
                text: response.text().await.unwrap(),
            }
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A request with an `If-Match`.
    pub(crate) async fn send_if(&self, tag: &str, method: Method, path: &str, body: Value) -> Answer {
        let request = self.request(method, path).header("if-match", tag).json(&body);
        self.send(request).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Opens a stream without a cursor.
    pub(crate) async fn stream(&self) -> Stream {
        Stream::open(self, "/api/sse").await
    }

    /// Opens a stream that takes up after this cursor.
    pub(crate) async fn stream_after(&self, cursor: &Cursor) -> Stream {
        Stream::open(self, &format!("/api/sse?last_event_id={cursor}")).await
    }

    /// A ticket for a stream that says nothing of a cookie, and so renews no sign-in either.
    pub(crate) async fn ticket(&self) -> String {
        let answer = self.post("/api/sse/ticket", json!({})).await;
        answer.data::<Value>()["ticket"].as_str().unwrap().to_owned()
    }

    /// This person's only relationship.
    pub(crate) async fn relationship(&self) -> CoachingRelationship {
        let answer = self
            .get(&format!("/api/users/{}/coaching-relationships", self.id))
            .await;
        let [relationship] = answer.data::<[CoachingRelationship; 1]>();
        relationship
    }

    /// This person's sessions, oldest first.
    pub(crate) async fn sessions(&self) -> Vec<CoachingSession> {
        self.get(&format!("/api/users/{}/coaching_sessions?sort_by=date", self.id))
            .await
            .data()
    }

    /// Today's session of the demo: it was opened before.
    pub(crate) async fn today(&self) -> CoachingSession {
        self.sessions().await.swap_remove(2)
    }

    /// A new session: one that nothing belongs to.
    pub(crate) async fn new_session(&self) -> CoachingSession {
        let relationship = self.relationship().await.id;
        let body = json!({ "coaching_relationship_id": relationship, "date": "2030-01-01T10:00:00" });
        self.post("/api/coaching_sessions", body).await.data()
    }

    /// Makes an agreement in a session.
    pub(crate) async fn add_agreement(&self, session: &CoachingSession, text: &str) -> wire::Agreement {
        let body = json!({ "coaching_session_id": session.id, "body": text });
        self.post("/api/agreements", body).await.data()
    }

    /// Sets a goal in this person's only relationship.
    pub(crate) async fn add_goal(&self, title: &str) -> wire::Goal {
        let relationship = self.relationship().await.id;
        let body = json!({ "coaching_relationship_id": relationship, "title": title, "status": "NotStarted" });
        self.post("/api/goals", body).await.data()
    }

    /// The position of the log.
    pub(crate) async fn head(&self) -> u64 {
        self.get("/api/users/current").await.cursor().seq
    }

    /// Adds an action to a session.
    pub(crate) async fn add_action(&self, session: &CoachingSession, text: &str) -> wire::Action {
        let body = json!({ "coaching_session_id": session.id, "body": text, "status": "NotStarted" });
        self.post("/api/actions", body).await.data()
    }
}
