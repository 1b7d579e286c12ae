//! Everything that can be asked of the server.

use chrono::NaiveDate;
use wire::{
    Action, ActionId, Agreement, AgreementId, CoachingRelationshipId, CoachingSession, CoachingSessionId, Credentials,
    Goal, GoalId, LinkGoal, NewAction, NewAgreement, NewCoachingSession, NewGoal, SessionGoal, SessionTitle, User,
    UserId,
};

use super::client::Api;
use super::error::{ApiError, Kind};
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

/// With whom, and when.
impl Api {
    /// Everybody whom this person coaches or is coached by.
    pub async fn relationships(&self, user: UserId) -> Result<Vec<u8>> {
        self.get_bytes(&format!("/users/{user}/coaching-relationships")).await
    }

    /// The sessions of this person between two days, in order.
    pub async fn sessions(&self, user: UserId, from: NaiveDate, to: NaiveDate) -> Result<Vec<u8>> {
        let range = format!("from_date={from}&to_date={to}");
        self.get_bytes(&format!(
            "/users/{user}/coaching_sessions?{range}&sort_by=date&sort_order=asc"
        ))
        .await
    }

    /// One session. Asking for the first time prepares it on the server.
    pub async fn session(&self, id: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_bytes(&format!("/coaching_sessions/{id}")).await
    }

    /// Plans a session.
    pub async fn create_session(&self, session: &NewCoachingSession) -> Result<CoachingSession> {
        self.send_json(Verb::Post, "/coaching_sessions", session).await
    }

    /// Gives a session a title, or takes it away.
    pub async fn rename_session(&self, id: CoachingSessionId, title: &SessionTitle) -> Result<CoachingSession> {
        self.send_json(Verb::Patch, &format!("/coaching_sessions/{id}/title"), title)
            .await
    }
}

/// What was agreed.
impl Api {
    /// The actions of a session, oldest first.
    pub async fn actions(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_bytes(&format!(
            "/actions?coaching_session_id={session}&sort_by=created_at&sort_order=asc"
        ))
        .await
    }

    /// The actions of all sessions of this person, the next due first.
    pub async fn actions_of(&self, user: UserId) -> Result<Vec<u8>> {
        self.get_bytes(&format!(
            "/users/{user}/actions?scope=sessions&sort_by=due_by&sort_order=asc"
        ))
        .await
    }

    /// Adds an action.
    pub async fn create_action(&self, action: &NewAction) -> Result<Action> {
        self.send_json(Verb::Post, "/actions", action).await
    }

    /// Replaces an action.
    pub async fn update_action(&self, action: &Action) -> Result<Action> {
        self.send_json(Verb::Put, &format!("/actions/{}", action.id), action)
            .await
    }

    /// Removes an action.
    pub async fn delete_action(&self, id: ActionId) -> Result<()> {
        self.delete(&format!("/actions/{id}")).await
    }

    /// The agreements of a session, oldest first.
    pub async fn agreements(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_bytes(&format!(
            "/agreements?coaching_session_id={session}&sort_by=created_at&sort_order=asc"
        ))
        .await
    }

    /// Adds an agreement.
    pub async fn create_agreement(&self, agreement: &NewAgreement) -> Result<Agreement> {
        self.send_json(Verb::Post, "/agreements", agreement).await
    }

    /// Replaces an agreement.
    pub async fn update_agreement(&self, agreement: &Agreement) -> Result<Agreement> {
        self.send_json(Verb::Put, &format!("/agreements/{}", agreement.id), agreement)
            .await
    }

    /// Removes an agreement.
    pub async fn delete_agreement(&self, id: AgreementId) -> Result<()> {
        self.delete(&format!("/agreements/{id}")).await
    }

    /// The goals of a relationship, oldest first.
    pub async fn goals(&self, relationship: CoachingRelationshipId) -> Result<Vec<u8>> {
        let order = "sort_by=created_at&sort_order=asc";
        self.get_bytes(&format!("/goals?coaching_relationship_id={relationship}&{order}"))
            .await
    }

    /// Sets a goal.
    pub async fn create_goal(&self, goal: &NewGoal) -> Result<Goal> {
        self.send_json(Verb::Post, "/goals", goal).await
    }

    /// Replaces a goal.
    pub async fn update_goal(&self, goal: &Goal) -> Result<Goal> {
        self.send_json(Verb::Put, &format!("/goals/{}", goal.id), goal).await
    }

    /// Removes a goal.
    pub async fn delete_goal(&self, id: GoalId) -> Result<()> {
        self.delete(&format!("/goals/{id}")).await
    }

    /// The goals that a session works on.
    pub async fn session_goals(&self, session: CoachingSessionId) -> Result<Vec<u8>> {
        self.get_bytes(&format!("/coaching_sessions/{session}/goals")).await
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
