//! The demo data of Cora and Cee.

use chrono::Days;
use wire::{
    Action, ActionId, Agreement, AgreementId, CoachingRelationshipId, CoachingSessionId, Goal, GoalId, ItemStatus,
    SessionGoal, SessionGoalId, Timestamp, UserId,
};

use super::Demo;
use crate::store::history::FIRST_VERSION;
use crate::store::{actions, agreements, goals, new_id, session_goals};

pub(super) async fn write(
    demo: &mut Demo<'_>,
    pair: CoachingRelationshipId,
    coach: UserId,
    coachee: UserId,
) -> Result<(), sqlx::Error> {
    let first = demo.session(pair, coach, -14, 15, "Where things stand").await?;
    let second = demo.session(pair, coach, -7, 15, "Handing work over").await?;
    let today = demo.session(pair, coach, 0, 15, "Leading without doing it all").await?;
    demo.session(pair, coach, 7, 15, "Feedback that lands").await?;
    demo.session(pair, coach, 14, 15, "Looking back on a month").await?;

    let delegate = goal(
        demo,
        pair,
        first,
        coachee,
        "Hand over the release process",
        ItemStatus::InProgress,
        45,
    )
    .await?;
    let feedback = goal(
        demo,
        pair,
        first,
        coach,
        "Give feedback within a day",
        ItemStatus::InProgress,
        60,
    )
    .await?;
    goal(
        demo,
        pair,
        second,
        coachee,
        "Speak at the spring conference",
        ItemStatus::NotStarted,
        120,
    )
    .await?;
    for session in [first, second, today] {
        link(demo, session, delegate).await?;
        link(demo, session, feedback).await?;
    }

    let done = ItemStatus::Completed;
    let doing = ItemStatus::InProgress;
    let open = ItemStatus::NotStarted;
    for (session, status, due, by, about, body) in [
        (
            first,
            done,
            -8,
            coachee,
            None,
            "List everything that only I can do today",
        ),
        (
            first,
            done,
            -8,
            coach,
            None,
            "Send the article on situational leadership",
        ),
        (
            second,
            done,
            -1,
            coachee,
            Some(delegate),
            "Write down the release checklist",
        ),
        (
            second,
            doing,
            1,
            coachee,
            Some(delegate),
            "Let Sam run one release while I only watch",
        ),
        (
            today,
            done,
            0,
            coach,
            None,
            "Prepare three questions about last week's release",
        ),
        (
            today,
            doing,
            3,
            coachee,
            Some(delegate),
            "Agree with Sam who decides when a release stops",
        ),
        (
            today,
            open,
            5,
            coachee,
            Some(feedback),
            "Tell Robin what went well in the review, today",
        ),
        (today, open, 7, coach, Some(feedback), "Share the feedback worksheet"),
    ] {
        let id = ActionId(new_id());
        let at = demo.ago(90);
        let action = Action {
            id,
            coaching_session_id: session,
            goal_id: about,
            user_id: coach,
            body: Some(body.to_owned()),
            due_by: Some(demo.day(due, 17)),
            status,
            status_changed_at: at,
            created_at: at,
            updated_at: at,
            assignee_ids: vec![by],
            version: Some(FIRST_VERSION),
        };
        actions::insert(demo.write, &action, u32::MAX).await?;
    }

    for (session, by, body) in [
        (first, coach, "What is said here stays here."),
        (
            first,
            coachee,
            "We meet every week at the same hour; moving one takes a day's notice.",
        ),
        (second, coachee, "I ask for help before the day is over, not after."),
        (
            today,
            coach,
            "Each session ends with one thing to try, and the next one begins with how it went.",
        ),
    ] {
        let at = demo.ago(80);
        let agreement = Agreement {
            id: AgreementId(new_id()),
            coaching_session_id: session,
            body: Some(body.to_owned()),
            user_id: by,
            created_at: at,
            updated_at: at,
            version: Some(FIRST_VERSION),
        };
        agreements::insert(demo.write, &agreement, u32::MAX).await?;
    }
    Ok(())
}

async fn goal(
    demo: &mut Demo<'_>,
    pair: CoachingRelationshipId,
    session: CoachingSessionId,
    by: UserId,
    title: &str,
    status: ItemStatus,
    days: u64,
) -> Result<GoalId, sqlx::Error> {
    let at: Timestamp = demo.ago(100);
    let goal = Goal {
        id: GoalId(new_id()),
        coaching_relationship_id: pair,
        created_in_session_id: Some(session),
        user_id: by,
        title: Some(title.to_owned()),
        body: None,
        status,
        status_changed_at: Some(at),
        completed_at: None,
        target_date: at.date_naive().checked_add_days(Days::new(days)),
        created_at: at,
        updated_at: at,
        version: Some(FIRST_VERSION),
    };
    goals::insert(demo.write, &goal, u32::MAX).await?;
    Ok(goal.id)
}

async fn link(demo: &mut Demo<'_>, session: CoachingSessionId, goal: GoalId) -> Result<(), sqlx::Error> {
    let at = demo.ago(100);
    let link = SessionGoal {
        id: SessionGoalId(new_id()),
        coaching_session_id: session,
        goal_id: goal,
        created_at: at,
        updated_at: at,
    };
    session_goals::insert(demo.write, &link).await
}
