//! The endpoints of the server.

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

/// Authentication and people.
impl Api {
    /// Signs in.
    ///
    /// # Errors
    ///
    /// [`Kind::WrongCredentials`] if email address or password are wrong; otherwise any [`Kind`] of a request.
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
            // Without a session there is nothing to end.
            Err(error) if matches!(error.kind(), Kind::Unauthorized) => Ok(()),
            result => result,
        }
    }

    /// Returns the person who is signed in. A server without this route answers [`Kind::Invalid`] or
    /// [`Kind::NotFound`].
    pub async fn current_user(&self) -> Result<User> {
        self.get("/users/current").await
    }

    /// Returns this person. The server refuses the request for any other person than the one who is signed in.
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
    /// Any [`Kind`] of a request.
    pub async fn create_row<T: FromJson>(&self, collection: &str, new: &impl Serialize) -> Result<T> {
        self.send_json(Verb::Post, &format!("/{collection}"), new).await
    }

    /// Reads a row.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request. A missing row is not an error: see [`Written::Gone`].
    pub async fn read_row<T: FromJson + DeserializeOwned>(&self, collection: &str, id: Uuid) -> Result<Written<T>> {
        self.write(Call::get(&format!("/{collection}/{id}"))).await
    }

    /// Writes some fields of a row, on condition that it still has this version. The body is a JSON Merge Patch (RFC
    /// 7396).
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request. A changed or missing row is not an error: see [`Written`].
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
    /// Any [`Kind`] of a request. A missing row is not an error: see [`Written::Gone`].
    pub async fn put_row<T: FromJson + DeserializeOwned + Serialize>(
        &self,
        collection: &str,
        id: Uuid,
        row: &T,
    ) -> Result<Written<T>> {
        let path = format!("/{collection}/{id}");
        self.write(Call::json(Verb::Put, &path, row)?).await
    }

    /// Sets the status of a row by its separate route. Returns `None` if the server has no such route or refuses the
    /// request on it.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request.
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
            // The coaching backend documents the route, but some of its versions refuse every value. A 404 may also
            // mean that the row is gone: the next request shows it.
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
    /// Any [`Kind`] of a request. A changed or missing row is not an error: see [`Deleted`].
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

    /// Restores a deleted row.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request.
    pub async fn restore_row<T: FromJson>(&self, collection: &str, id: Uuid) -> Result<T> {
        self.send_json(Verb::Post, &format!("/{collection}/{id}/restore"), &())
            .await
    }

    /// Restores a deleted row of any type, without parsing the answer.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request.
    pub async fn restore_unread(&self, collection: &str, id: Uuid) -> Result<()> {
        let body = ("application/json", "null".to_owned());
        let path = format!("/{collection}/{id}/restore");
        self.call(Verb::Post, &path, Some(body)).await.map(drop)
    }

    /// Reads a page of the history of a row, newest first.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request.
    pub async fn history(&self, collection: &str, id: Uuid, before: Option<&str>) -> Result<HistoryPage> {
        let before = before.map(|cursor| format!("?before={cursor}")).unwrap_or_default();
        self.get(&format!("/{collection}/{id}/history{before}")).await
    }
}

/// Coaching relationships and coaching sessions.
impl Api {
    /// Lists the coaching relationships of this person, as coach or as coachee.
    pub async fn relationships(&self, user: UserId) -> Result<Vec<u8>> {
        self.get_list(&format!("/users/{user}/coaching-relationships")).await
    }

    /// Lists the coaching sessions of this person between two days, in order.
    pub async fn sessions(&self, user: UserId, from: NaiveDate, to: NaiveDate) -> Result<Vec<u8>> {
        let range = format!("from_date={from}&to_date={to}");
        self.get_list(&format!(
            "/users/{user}/coaching_sessions?{range}&sort_by=date&sort_order=asc"
        ))
        .await
    }

    /// Reads one coaching session. The first request for it prepares it on the server.
    pub async fn session(&self, id: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_bytes(&format!("/coaching_sessions/{id}")).await
    }

    /// Sets or removes the title of a coaching session by its separate route.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request. A missing coaching session is not an error: see [`Written::Gone`].
    pub async fn rename_session(
        &self,
        id: CoachingSessionId,
        title: &SessionTitle,
    ) -> Result<Written<CoachingSession>> {
        let path = format!("/coaching_sessions/{id}/title");
        self.write(Call::json(Verb::Patch, &path, title)?).await
    }

    /// Replaces a coaching session and reads it again, because the server answers the replacement without content.
    ///
    /// # Errors
    ///
    /// Any [`Kind`] of a request. A missing coaching session is not an error: see [`Written::Gone`].
    pub async fn replace_session(&self, session: &CoachingSession) -> Result<Written<CoachingSession>> {
        let path = format!("/coaching_sessions/{}", session.id);
        let replaced: Written<Option<bool>> = self.write(Call::json(Verb::Put, &path, session)?).await?;
        match replaced {
            Written::Gone(deletion) => Ok(Written::Gone(deletion)),
            Written::Done(_) | Written::Changed(_) => self.read_row("coaching_sessions", session.id.0).await,
        }
    }

    /// Plans a coaching session.
    pub async fn create_session(&self, session: &NewCoachingSession) -> Result<CoachingSession> {
        self.send_json(Verb::Post, "/coaching_sessions", session).await
    }
}

/// Actions, agreements and goals.
impl Api {
    /// Lists the actions of a coaching session, oldest first.
    pub async fn actions(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_list(&format!(
            "/actions?coaching_session_id={session}&sort_by=created_at&sort_order=asc"
        ))
        .await
    }

    /// Lists the actions of all coaching sessions of this person, in the order of their due dates.
    pub async fn actions_of(&self, user: UserId) -> Result<Vec<u8>> {
        self.get_list(&format!(
            "/users/{user}/actions?scope=sessions&sort_by=due_by&sort_order=asc"
        ))
        .await
    }

    /// Lists the agreements of a coaching session, oldest first.
    pub async fn agreements(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_list(&format!(
            "/agreements?coaching_session_id={session}&sort_by=created_at&sort_order=asc"
        ))
        .await
    }

    /// Lists the goals of a coaching relationship, oldest first.
    pub async fn goals(&self, relationship: CoachingRelationshipId) -> Result<Vec<u8>> {
        let order = "sort_by=created_at&sort_order=asc";
        self.get_list(&format!("/goals?coaching_relationship_id={relationship}&{order}"))
            .await
    }

    /// Lists the goals that are linked to a coaching session.
    pub async fn session_goals(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_list(&format!("/coaching_sessions/{session}/goals")).await
    }

    /// Links a goal to a coaching session.
    pub async fn link_goal(&self, session: CoachingSessionId, goal: GoalId) -> Result<SessionGoal> {
        let link = LinkGoal { goal_id: goal };
        self.send_json(Verb::Post, &format!("/coaching_sessions/{session}/goals"), &link)
            .await
    }

    /// Unlinks a goal from a coaching session.
    pub async fn unlink_goal(&self, session: CoachingSessionId, goal: GoalId) -> Result<()> {
        self.delete(&format!("/coaching_sessions/{session}/goals/{goal}")).await
    }
}
