//! What is measured: an app, the server that serves it, a session full of actions, and somebody who changes them.

use std::path::Path;

use anyhow::{Context as _, ensure};
use e2e::api::Api;
use e2e::driver::Driver;
use e2e::page::Page;
use e2e::person::PASSWORD;
use e2e::scenario::{COACH, COACHEE};
use e2e::server::Server;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use wire::{Action, CoachingRelationship, CoachingSession};

use crate::run::Run;

/// How many requests are on their way at once.
pub(crate) const AT_ONCE: usize = 8;
const PROBE: &str = include_str!("probe.js");

/// An app, and the server that serves it and nothing else.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    server: Server,
    /// Who changes things.
    coach: Api,
    relationship: CoachingRelationship,
}

/// A session with so many actions.
pub(crate) struct Session {
    path: String,
    /// The ids of the actions, as they stand in the list.
    pub(crate) rows: Vec<String>,
    session: CoachingSession,
}

impl Stage {
    pub(crate) async fn set(name: &'static str, dist: &Path) -> anyhow::Result<Self> {
        let server = Server::serving(dist).await?;
        let coach = Api::sign_in(&server.origin, COACH).await?;
        let path = format!("/users/{}/coaching-relationships", coach.user.id);
        let relationships: Vec<CoachingRelationship> = coach.get(&path).await?;
        Ok(Self {
            name,
            server,
            coach,
            relationship: relationships.into_iter().next().context("the coach coaches nobody")?,
        })
    }

    /// Plans a session, and fills it.
    pub(crate) async fn session(&self, rows: usize) -> anyhow::Result<Session> {
        let plan = json!({"coaching_relationship_id": self.relationship.id, "date": "2030-01-01T10:00:00"});
        let planned = self.coach.send(Method::POST, "/coaching_sessions", &plan).await?;
        let session: wire::Envelope<CoachingSession> = planned.json().await.context("planning a session")?;
        let session = session.data;
        for row in 0..rows {
            self.coach
                .create(e2e::items::Kind::Action, &session, &text(row, 0))
                .await?;
        }
        let list = format!("/actions?coaching_session_id={}&sort_by=created_at", session.id);
        let actions: Vec<Action> = self.coach.get(&list).await?;
        Ok(Session {
            path: format!("/coaching-sessions/{}", session.id),
            rows: actions.into_iter().map(|action| action.id.to_string()).collect(),
            session,
        })
    }

    /// Has somebody else write into a row.
    pub(crate) async fn change(&self, session: &Session, row: usize, text: &str) -> anyhow::Result<()> {
        let id = session.rows.get(row).context("there is no such row")?;
        let action = json!({"coaching_session_id": session.session.id, "body": text, "status": "NotStarted"});
        let changed = self.coach.send(Method::PUT, &format!("/actions/{id}"), &action).await?;
        ensure!(
            changed.status().is_success(),
            "changing an action: {}",
            changed.text().await?
        );
        Ok(())
    }

    /// Makes these changes, a few of them at once.
    pub(crate) async fn change_all(
        &self,
        session: &Session,
        changes: impl Iterator<Item = (usize, String)>,
    ) -> anyhow::Result<()> {
        let changes = stream::iter(changes).map(async |(row, text)| self.change(session, row, &text).await);
        changes.buffered(AT_ONCE).try_collect().await
    }

    /// Shows a session to somebody in a new browser.
    pub(crate) async fn open(&self, driver: &Driver, session: &Session) -> anyhow::Result<Run> {
        let page = Page {
            driver: driver.unlogged_browser().await?,
        };
        let run = Run::new(page, session.rows.len());
        run.page
            .command("Page.addScriptToEvaluateOnNewDocument", json!({"source": PROBE}))
            .await?;
        run.page.command("Performance.enable", json!({})).await?;
        let driver = &run.page.driver;
        driver.goto(format!("{}/healthz", self.server.origin)).await?;
        let sign_in = "const [email, password, done] = arguments;
            const body = new URLSearchParams({ email, password });
            fetch('/api/login', { method: 'POST', body }).then(({ status }) => done(status));";
        let status = driver
            .execute_async(sign_in, vec![json!(COACHEE), json!(PASSWORD)])
            .await?;
        ensure!(*status.json() == json!(200), "signing in: {}", status.json());
        driver.goto(format!("{}{}", self.server.origin, session.path)).await?;
        let is_ready = format!("probe.isReady({})", session.rows.len());
        run.page
            .until::<Value>(&is_ready)
            .await
            .with_context(|| format!("loading {}", self.name))?;
        Ok(run)
    }
}

/// What a row says; not the same twice.
pub(crate) fn text(row: usize, version: usize) -> String {
    format!("Follow up on point {row} of what we have spoken about, as agreed ({row}.{version}.)")
}
