//! A wall clock that is set, and a day that ends, while a session is on the screen.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::person::Person;
use e2e::scenario::{COACH, no_defects, scenario};
use reqwest::Method;
use serde_json::json;

/// Hours by which the clock is set.
const STEPS: [i32; 2] = [-1, 1];

const HOUR: i64 = 3_600_000;

/// Sets the clock that the page reads, by so many milliseconds from the true time.
async fn set_clock(person: &Person, forward: i64) -> anyhow::Result<()> {
    let script = "setClock(arguments[0]); return null;";
    person.page.eval(script, vec![json!(forward)]).await
}

#[tokio::test]
async fn clock_that_is_set_changes_nothing() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        for hours in STEPS {
            set_clock(&coach, i64::from(hours) * HOUR).await?;
            coach.take_requests().await?;
            let told = format!("Told after {hours} hours");
            coachee.create(Kind::Agreement, &session, &told).await?;
            coach.sees(&Kind::Agreement.shows(&told)).await?;
            coach.until_request(|request| request.reads("/agreements")).await?;
            coach.until_connected().await?;

            stage.server.stop().await?;
            let countdown = "/^[1-9][0-9]? s$/.test(document.querySelector('.connection .countdown')?.textContent)";
            coach.sees(countdown).await?;
            let waits = format!("Waits after {hours} hours");
            coach.add(Kind::Agreement, &waits).await?;
            coach.sees("byTestId('unsent').dataset.count === '1'").await?;
            // Set while it waits, as well.
            set_clock(&coach, -i64::from(hours) * HOUR).await?;
            coach.try_now().await?;
            stage.server.start_again().await?;
            coach.until_connected().await?;
            coach.sees("byTestId('unsent').dataset.count === '0'").await?;
            let stored = coachee.stored(Kind::Agreement, &session).await?;
            ensure!(stored.iter().any(|it| it.text == waits), "it was not sent");
        }
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn polling_survives_clock_step() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        coach.block(&["*/api/sse*"]).await?;
        coach.page.driver.refresh().await?;
        coach.sees("!!byTestId('agreements')").await?;
        for hours in STEPS {
            set_clock(&coach, i64::from(hours) * HOUR).await?;
            let text = format!("Read after {hours} hours");
            coachee.create(Kind::Agreement, &session, &text).await?;
            coach.sees(&Kind::Agreement.shows(&text)).await?;
        }
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn day_ends_for_all_texts_at_once() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        let api = stage.api(COACH).await?;
        // Tomorrow at noon, where the browser is.
        let noon = "const day = new Date(); day.setDate(day.getDate() + 1); day.setHours(12, 0, 0, 0);
            return day.toISOString().slice(0, 19);";
        let noon: String = coach.page.eval(noon, Vec::new()).await?;
        let action = json!({"coaching_session_id": session.id, "body": "Tomorrow's", "status": "NotStarted",
            "due_by": format!("{noon}Z")});
        for (method, path, body) in [
            (Method::POST, "/actions".to_owned(), action),
            (
                Method::PATCH,
                format!("/coaching_sessions/{}", session.id),
                json!({"date": noon}),
            ),
        ] {
            let response = api.send(method, &path, &body).await?;
            ensure!(response.status().is_success(), "{}", response.text().await?);
        }
        let shown = |header: &str, due: &str| {
            format!(
                "document.querySelector('main').innerText.includes('{header}, 12:00')
                 && rowWith('actions', 'Tomorrow\\'s').text.includes('{due}')"
            )
        };
        coach.sees(&shown("Tomorrow", "Due tomorrow")).await?;

        // Midnight passes in plain sight.
        let to_midnight = "const day = new Date(); day.setHours(24, 0, 0, 0); return day - Date.now();";
        let to_midnight: i64 = coach.page.eval(to_midnight, Vec::new()).await?;
        set_clock(&coach, to_midnight - 1_500).await?;
        // The page looks at the clock whenever it is told something.
        coachee
            .create(Kind::Agreement, &session, "Told before midnight")
            .await?;
        coach.page.until::<bool>(&shown("Today", "Due today")).await?;
        coach.look_at_every_size("midnight").await?;

        // A night passes while the page is frozen.
        let freeze = async |state: &str| {
            let state = json!({"state": state});
            coach.page.command("Page.setWebLifecycleState", state).await.map(drop)
        };
        freeze("frozen").await?;
        set_clock(&coach, to_midnight + 24 * HOUR).await?;
        freeze("active").await?;
        coach.sees(&shown("Yesterday", "Was due yesterday")).await?;
        no_defects(&[&coach]).await
    })
    .await
}
