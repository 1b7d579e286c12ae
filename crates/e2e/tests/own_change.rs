//! What people do themselves: shown at once, confirmed once, taken back when refused.

use std::time::Duration;

use anyhow::ensure;
use e2e::items::Kind;
use e2e::scenario::{COACH, no_defects, scenario};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// How long every request takes in a page that was slowed down.
const LATENCY: Duration = Duration::from_secs(2);

/// How soon one's own change is shown, in milliseconds: well before any answer.
const AT_ONCE: i64 = 1_500;

#[tokio::test]
async fn own_change_shows_before_answer() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.two_people_in_one_session().await?;
        coach.slow_down(LATENCY).await?;
        for kind in Kind::ALL {
            let text = format!("Shown at once ({})", kind.word());
            coach.page.watch(&kind.shows(&text)).await?;
            let clicked = coach.add(kind, &text).await?;
            let shown = coach.page.watched().await?;
            ensure!(
                shown - clicked <= AT_ONCE,
                "the new {} took {} ms",
                kind.word(),
                shown - clicked
            );
        }
        coach.slow_down(Duration::ZERO).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn an_own_change_causes_exactly_one_read() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        let kind = Kind::Action;
        for (number, change) in ["add", "edit", "complete", "delete"].into_iter().enumerate() {
            coach.take_requests().await?;
            let arrived = match change {
                "add" => coach.add(kind, "Call Anna").await.map(|_| kind.shows("Call Anna")),
                "edit" => coach
                    .edit(kind, "Call Anna", "Call Otto")
                    .await
                    .map(|_| kind.shows("Call Otto")),
                "complete" => coach
                    .complete(kind, "Call Otto")
                    .await
                    .map(|_| kind.shows_done("Call Otto")),
                _ => coach.delete(kind, "Call Otto").await.map(|_| kind.hides("Call Otto")),
            }?;
            coachee.sees(&arrived).await?;
            // Events arrive in order: when this one has come, that of the own change has been dealt with.
            let marker = format!("Marker {number}");
            coachee.add(Kind::Agreement, &marker).await?;
            coach.sees(&Kind::Agreement.shows(&marker)).await?;
            let requests = coach.until_request(|request| request.reads("/agreements")).await?;
            let reads = requests.iter().filter(|request| request.reads("/actions")).count();
            ensure!(reads == 1, "to {change} caused {reads} reads: {requests:#?}");
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn a_refused_change_is_taken_back_and_explained() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.two_people_in_one_session().await?;
        let api = stage.api(COACH).await?;
        // A relationship works on at most three goals at a time.
        let mut number = 0;
        loop {
            number += 1;
            let goal = json!({
                "coaching_relationship_id": session.coaching_relationship_id,
                "title": format!("Goal {number}"),
                "status": "InProgress",
            });
            let response = api.send(Method::POST, "/goals", &goal).await?;
            if response.status() == StatusCode::CONFLICT {
                break;
            }
            ensure!(
                response.status().is_success() && number <= 3,
                "{}",
                response.text().await?
            );
            coach.sees(&Kind::Goal.shows(&format!("Goal {number}"))).await?;
        }

        let goal = "One too many";
        coach.add(Kind::Goal, goal).await?;
        coachee.sees(&Kind::Goal.shows_choice(goal, "Not started")).await?;
        coach.sees(&Kind::Goal.shows_choice(goal, "Not started")).await?;

        coach.slow_down(LATENCY).await?;
        coach.page.watch(&Kind::Goal.shows_choice(goal, "In progress")).await?;
        coach.choose(Kind::Goal, goal, "In progress").await?;
        coach.page.watched().await?;
        coach
            .sees("byTestId('conflict')?.innerText.includes('could not be saved')")
            .await?;
        coach.sees(&Kind::Goal.shows_choice(goal, "Not started")).await?;
        coach.slow_down(Duration::ZERO).await?;
        coach.look_at_every_size("refused").await?;
        coachee.sees(&Kind::Goal.shows_choice(goal, "Not started")).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}
