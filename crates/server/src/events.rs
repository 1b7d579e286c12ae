//! What follows from a change for the people in it: which events, in which order, to whom.

use wire::{Action, CoachingSessionId, Event, Goal, GoalId, SessionGoal, SessionGoalId, Timestamp, UserId};

use crate::store::access::Access;
use crate::store::{Write, new_id, organizations, session_goals, users};

/// Tells both participants.
pub(crate) async fn announce(write: &mut Write, access: &Access, event: &Event) -> Result<(), sqlx::Error> {
    write
        .announce(event, Some(access.organization), &access.participants())
        .await
}

/// Says that a session was planned, changed or removed. One event for all three, named after the title: whoever hears
/// it reads the session and the lists it stands in again, or finds that it is gone.
pub(crate) async fn session_changed(
    write: &mut Write,
    access: &Access,
    session: CoachingSessionId,
) -> Result<(), sqlx::Error> {
    let event = Event::CoachingSessionTitleUpdated {
        coaching_session_id: session,
    };
    announce(write, access, &event).await
}

/// Says that an action has changed.
pub(crate) async fn action_updated(write: &mut Write, access: &Access, action: &Action) -> Result<(), sqlx::Error> {
    let event = Event::ActionUpdated {
        coaching_session_id: action.coaching_session_id,
        action: action.clone(),
    };
    announce(write, access, &event).await
}

/// Says that a goal is new.
pub(crate) async fn goal_created(write: &mut Write, access: &Access, goal: &Goal) -> Result<(), sqlx::Error> {
    let event = Event::GoalCreated {
        coaching_relationship_id: access.relationship,
        goal: goal.clone(),
    };
    announce(write, access, &event).await
}

/// Says that a goal has changed.
pub(crate) async fn goal_updated(write: &mut Write, access: &Access, goal: &Goal) -> Result<(), sqlx::Error> {
    let event = Event::GoalUpdated {
        coaching_relationship_id: access.relationship,
        goal: goal.clone(),
    };
    announce(write, access, &event).await
}

/// Links a goal to a session and says so.
pub(crate) async fn link_goal(
    write: &mut Write,
    access: &Access,
    session: CoachingSessionId,
    goal: GoalId,
    at: Timestamp,
) -> Result<SessionGoal, sqlx::Error> {
    let link = SessionGoal {
        id: SessionGoalId(new_id()),
        coaching_session_id: session,
        goal_id: goal,
        created_at: at,
        updated_at: at,
    };
    session_goals::insert(write, &link).await?;
    goal_linked(write, access, session, goal).await?;
    Ok(link)
}

/// Says that a session works on a goal.
pub(crate) async fn goal_linked(
    write: &mut Write,
    access: &Access,
    session: CoachingSessionId,
    goal: GoalId,
) -> Result<(), sqlx::Error> {
    let event = Event::CoachingSessionGoalCreated {
        coaching_relationship_id: access.relationship,
        coaching_session_id: session,
        goal_id: goal,
    };
    announce(write, access, &event).await
}

/// Says that somebody's profile has changed: to them, and in each organization to those who work with them there. One
/// event for each organization, so that who has left one is not told what is read later from the log.
pub(crate) async fn user_updated(write: &mut Write, person: UserId) -> Result<(), sqlx::Error> {
    let event = Event::UserUpdated { user_id: person };
    let partners = users::partners(write, person).await?;
    let mut knows = false;
    for partners in partners.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((organization, _)) = partners.first() else {
            continue;
        };
        let mut told: Vec<_> = partners.iter().map(|(_, partner)| *partner).collect();
        if !knows && organizations::has_member(write, *organization, person).await? {
            told.push(person);
            knows = true;
        }
        write.announce(&event, Some(*organization), &told).await?;
    }
    if !knows {
        write.announce(&event, None, &[person]).await?;
    }
    Ok(())
}
