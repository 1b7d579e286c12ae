//! The events that follow from a change: their content, order and recipients.

use wire::{Action, CoachingSessionId, Event, Goal, GoalId, SessionGoal, SessionGoalId, Timestamp, UserId};

use crate::store::access::Access;
use crate::store::{Write, new_id, organizations, session_goals, users};

/// Sends an event to both participants of a relationship.
pub(crate) async fn announce(write: &mut Write, access: &Access, event: &Event) -> Result<(), sqlx::Error> {
    write
        .announce(event, Some(access.organization), &access.participants())
        .await
}

/// Announces that a coaching session was planned, changed or removed. The three cases share one event, which is named
/// after the title. A client that receives it reads the session and the lists that contain it again, or finds that the
/// session is gone.
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

/// Announces a changed action.
pub(crate) async fn action_updated(write: &mut Write, access: &Access, action: &Action) -> Result<(), sqlx::Error> {
    let event = Event::ActionUpdated {
        coaching_session_id: action.coaching_session_id,
        action: action.clone(),
    };
    announce(write, access, &event).await
}

/// Announces a new goal.
pub(crate) async fn goal_created(write: &mut Write, access: &Access, goal: &Goal) -> Result<(), sqlx::Error> {
    let event = Event::GoalCreated {
        coaching_relationship_id: access.relationship,
        goal: goal.clone(),
    };
    announce(write, access, &event).await
}

/// Announces a changed goal.
pub(crate) async fn goal_updated(write: &mut Write, access: &Access, goal: &Goal) -> Result<(), sqlx::Error> {
    let event = Event::GoalUpdated {
        coaching_relationship_id: access.relationship,
        goal: goal.clone(),
    };
    announce(write, access, &event).await
}

/// Links a goal to a coaching session and announces the link.
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

/// Announces that a goal is linked to a coaching session.
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

/// Announces a changed profile: to the person, and in each organization to the people who share a relationship with the
/// person there. Each organization has an event of its own, so that a person who has left an organization does not
/// receive its event from the log later.
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
