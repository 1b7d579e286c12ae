//! Everything that can be asked of the server.

use chrono::NaiveDate;
use intent::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use wire::json::FromJson;
use wire::{
    CoachingRelationshipId, CoachingSession, CoachingSessionId, Credentials, GoalId, HistoryPage, LinkGoal,
    NewCoachingSession, SessionGoal, SessionTitle, User, UserId,
};

use super::client::{Api, Call};
use super::error::{ApiError, Kind};
use super::precondition::{Deleted, Written};
use crate::browser::fetch::Verb;

type Result<T> = std::result::Result<T, ApiError>;

/// Who one is.
impl Api {
    /// Signs in.
    ///
    /// # Errors
    ///
    /// [`Kind::WrongCredentials`] among others.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<User> {
        self.send_form("/login", credentials)
            .await
            .map_err(|error| match error.kind() {
                Kind::Unauthorized => Kind::WrongCredentials.into(),
                _ => error,
            })
    }

    /// Ends the session.
    pub async fn sign_out(&self) -> Result<()> {
        match self.delete("/delete").await {
            // There was none: what was wanted is so.
            Err(error) if matches!(error.kind(), Kind::Unauthorized) => Ok(()),
            result => result,
        }
    }

    /// Who is signed in. Not every server can be asked this; [`Kind::Invalid`] or [`Kind::NotFound`] say so.
    pub async fn current_user(&self) -> Result<User> {
        self.get("/users/current").await
    }

    /// This person; only oneself may be asked for.
    pub async fn user(&self, id: UserId) -> Result<User> {
        self.get(&format!("/users/{id}")).await
    }
}

/// Rows of any kind, by the name of their collection: `actions`, `agreements`, `goals`, `coaching_sessions`.
impl Api {
    /// Creates a row.
    ///
    /// # Errors
    ///
    /// As for every request.
    pub async fn create_row<T: FromJson>(&self, collection: &str, new: &impl Serialize) -> Result<T> {
        self.send_json(Verb::Post, &format!("/{collection}"), new).await
    }

    /// Reads a row.
    ///
    /// # Errors
    ///
    /// As for every request; that the row is gone is none.
    pub async fn read_row<T: FromJson + DeserializeOwned>(&self, collection: &str, id: Uuid) -> Result<Written<T>> {
        self.write(Call::get(&format!("/{collection}/{id}"))).await
    }

    /// Writes some fields of a row, on condition that it still has this version: a JSON Merge Patch (RFC 7396).
    ///
    /// # Errors
    ///
    /// As for every request; that the row has changed or is gone is none.
    pub async fn patch_row<T: FromJson + DeserializeOwned>(
        &self,
        collection: &str,
        id: Uuid,
        patch: &Row,
        version: Option<u64>,
    ) -> Result<Written<T>> {
        let path = format!("/{collection}/{id}");
        self.write(Call::json(Verb::Patch, &path, patch)?.if_match(version))
            .await
    }

    /// Replaces a row.
    ///
    /// # Errors
    ///
    /// As for every request; that the row is gone is none.
    pub async fn put_row<T: FromJson + DeserializeOwned + Serialize>(
        &self,
        collection: &str,
        id: Uuid,
        row: &T,
    ) -> Result<Written<T>> {
        let path = format!("/{collection}/{id}");
        self.write(Call::json(Verb::Put, &path, row)?).await
    }

    /// Sets the status of a row by the route that is made for it. `None` if the server has none that works.
    ///
    /// # Errors
    ///
    /// As for every request.
    pub async fn put_status<T: FromJson + DeserializeOwned>(
        &self,
        collection: &str,
        id: Uuid,
        status: &str,
    ) -> Result<Option<Written<T>>> {
        if !self.has_status_route() {
            return Ok(None);
        }
        let path = format!("/{collection}/{id}/status?value={status}");
        let call = Call {
            verb: Verb::Put,
            path: &path,
            body: None,
            if_match: None,
        };
        match self.write(call).await {
            // The coaching backend documents the route, and some of its versions refuse whatever it is given. Whether
            // the row is there, the next request will tell.
            Ok(Written::Gone(_)) => {}
            Err(error) if matches!(error.kind(), Kind::Invalid(_) | Kind::Server(405)) => {}
            result => return result.map(Some),
        }
        self.note_no_status_route();
        Ok(None)
    }

    /// Deletes a row, on condition that it still has this version.
    ///
    /// # Errors
    ///
    /// As for every request; that the row has changed or is gone is none.
    pub async fn delete_row<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: Uuid,
        version: Option<u64>,
    ) -> Result<Deleted<T>> {
        let path = format!("/{collection}/{id}");
        let call = Call {
            verb: Verb::Delete,
            path: &path,
            body: None,
            if_match: version,
        };
        self.delete_if(call).await
    }

    /// Brings a deleted row back.
    ///
    /// # Errors
    ///
    /// As for every request.
    pub async fn restore_row<T: FromJson>(&self, collection: &str, id: Uuid) -> Result<T> {
        self.send_json(Verb::Post, &format!("/{collection}/{id}/restore"), &())
            .await
    }

    /// Brings a deleted row back, whatever it is.
    ///
    /// # Errors
    ///
    /// As for every request.
    pub async fn restore_unread(&self, collection: &str, id: Uuid) -> Result<()> {
        let body = ("application/json", "null".to_owned());
        let path = format!("/{collection}/{id}/restore");
        self.call(Verb::Post, &path, Some(body)).await.map(drop)
    }

    /// A page of the history of a row, newest first.
    ///
    /// # Errors
    ///
    /// As for every request.
    pub async fn history(&self, collection: &str, id: Uuid, before: Option<&str>) -> Result<HistoryPage> {
        let before = before.map(|cursor| format!("?before={cursor}")).unwrap_or_default();
        self.get(&format!("/{collection}/{id}/history{before}")).await
    }
}

/// With whom, and when.
impl Api {
    /// Everybody whom this person coaches or is coached by.
    pub async fn relationships(&self, user: UserId) -> Result<Vec<u8>> {
        self.get_list(&format!("/users/{user}/coaching-relationships")).await
    }

    /// The sessions of this person between two days, in order.
    pub async fn sessions(&self, user: UserId, from: NaiveDate, to: NaiveDate) -> Result<Vec<u8>> {
        let range = format!("from_date={from}&to_date={to}");
        self.get_list(&format!(
            "/users/{user}/coaching_sessions?{range}&sort_by=date&sort_order=asc"
        ))
        .await
    }

    /// One session. Asking for the first time prepares it on the server.
    pub async fn session(&self, id: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_bytes(&format!("/coaching_sessions/{id}")).await
    }

    /// Gives a session a title, or takes it away, by the route that is made for it.
    ///
    /// # Errors
    ///
    /// As for every request; that the session is gone is none.
    pub async fn rename_session(
        &self,
        id: CoachingSessionId,
        title: &SessionTitle,
    ) -> Result<Written<CoachingSession>> {
        let path = format!("/coaching_sessions/{id}/title");
        self.write(Call::json(Verb::Patch, &path, title)?).await
    }

    /// Replaces a session, which answers with nothing, and reads it again.
    ///
    /// # Errors
    ///
    /// As for every request; that the session is gone is none.
    pub async fn replace_session(&self, session: &CoachingSession) -> Result<Written<CoachingSession>> {
        let path = format!("/coaching_sessions/{}", session.id);
        let replaced: Written<Option<bool>> = self.write(Call::json(Verb::Put, &path, session)?).await?;
        match replaced {
            Written::Gone(deletion) => Ok(Written::Gone(deletion)),
            Written::Done(_) | Written::Changed(_) => self.read_row("coaching_sessions", session.id.0).await,
        }
    }

    /// Plans a session.
    pub async fn create_session(&self, session: &NewCoachingSession) -> Result<CoachingSession> {
        self.send_json(Verb::Post, "/coaching_sessions", session).await
    }
}

/// What was agreed.
impl Api {
    /// The actions of a session, oldest first.
    pub async fn actions(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_list(&format!(
            "/actions?coaching_session_id={session}&sort_by=created_at&sort_order=asc"
        ))
        .await
    }

    /// The actions of all sessions of this person, the next due first.
    pub async fn actions_of(&self, user: UserId) -> Result<Vec<u8>> {
        self.get_list(&format!(
            "/users/{user}/actions?scope=sessions&sort_by=due_by&sort_order=asc"
        ))
        .await
    }

    /// The agreements of a session, oldest first.
    pub async fn agreements(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_list(&format!(
            "/agreements?coaching_session_id={session}&sort_by=created_at&sort_order=asc"
        ))
        .await
    }

    /// The goals of a relationship, oldest first.
    pub async fn goals(&self, relationship: CoachingRelationshipId) -> Result<Vec<u8>> {
        let order = "sort_by=created_at&sort_order=asc";
        self.get_list(&format!("/goals?coaching_relationship_id={relationship}&{order}"))
            .await
    }

    /// The goals that a session works on.
    pub async fn session_goals(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_list(&format!("/coaching_sessions/{session}/goals")).await
    }

    /// Has a session work on a goal.
    pub async fn link_goal(&self, session: CoachingSessionId, goal: GoalId) -> Result<SessionGoal> {
        let link = LinkGoal { goal_id: goal };
        self.send_json(Verb::Post, &format!("/coaching_sessions/{session}/goals"), &link)
            .await
    }

    /// Has a session no longer work on a goal.
    pub async fn unlink_goal(&self, session: CoachingSessionId, goal: GoalId) -> Result<()> {
        self.delete(&format!("/coaching_sessions/{session}/goals/{goal}")).await
    }
}
