//! Everything that is planned can be found, and what is due stands in its order.

use anyhow::{Context as _, ensure};
use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{COACH, COACHEE, Stage, no_defects, scenario};
use reqwest::Method;
use serde_json::{Value, json};
use wire::CoachingSession;

/// The coach on the dashboard, and a session of theirs.
async fn coach_on_dashboard(stage: &Stage) -> anyhow::Result<(Person, CoachingSession)> {
    let coach = stage.person(COACH).await?;
    coach.open("/").await?;
    coach.sign_in().await?;
    let (_, path): (_, String) = coach.page.until("sessionLink()?.getAttribute('href')").await?;
    coach.until_connected().await?;
    let id = path.rsplit('/').next().unwrap_or_default().parse()?;
    Ok((coach, stage.api(COACH).await?.session(id).await?))
}

/// Types a day so many days from today into the form.
async fn type_day(person: &Person, days: i32) -> anyhow::Result<()> {
    person
        .page
        .eval::<()>(
            "document.querySelector('details.plan').open = true; return null;",
            Vec::new(),
        )
        .await?;
    let script = "const field = document.getElementById('plan-when');
         const day = new Date(Date.now() + arguments[0] * 86400000).toISOString().slice(0, 10);
         field.value = `${day}T10:00`;
         field.dispatchEvent(new Event('input', { bubbles: true })); return null;";
    person.page.eval::<()>(script, vec![json!(days)]).await
}

/// Plans a session so many days from today, by the form.
async fn plan(person: &Person, days: i32, title: &str) -> anyhow::Result<()> {
    type_day(person, days).await?;
    person.fill("Title (optional)", title).await?;
    person.click("Plan session").await
}

/// A condition: the row with this title has the focus, below the header.
fn row_has_focus(title: &str) -> String {
    format!(
        "location.pathname === '/sessions' && document.activeElement.matches('main a[href^=\"/coaching-sessions/\"]')
         && document.activeElement.textContent.includes({})
         && document.activeElement.getBoundingClientRect().top
            >= document.querySelector('header.top').getBoundingClientRect().bottom",
        quoted(title)
    )
}

#[tokio::test]
async fn session_planned_beyond_the_dashboard_is_found() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _) = coach_on_dashboard(stage).await?;
        let plans = [
            (120, "Far ahead", "does not look ahead that far"),
            (-60, "Long ago", "does not look back that far"),
            (12_000, "In another time", "does not look ahead that far"),
        ];
        for (days, title, why) in plans {
            plan(&coach, days, title).await?;
            coach.sees("document.activeElement.textContent === 'Show it in all sessions'").await?;
            let text = coach.page.text().await?;
            ensure!(!text.contains(title), "the dashboard shows {title:?}");
            ensure!(text.contains(why), "the dashboard does not say {why:?}");
            coach.look_at_every_size("planned-elsewhere").await?;
            coach.type_on("\u{e007}").await?;
            coach.sees(&row_has_focus(title)).await?;
            coach.page.driver.back().await?;
            coach.sees("location.pathname === '/' && !!sessionLink()").await?;
        }
        // The two that lie ahead are counted, now and after a reload.
        let counted = "[...document.querySelectorAll('main a')].some((link) => /^2 more after .*: all sessions$/.test(link.textContent))";
        coach.sees(counted).await?;
        coach.page.driver.refresh().await?;
        coach.sees(counted).await?;
        plan(&coach, 20, "Soon").await?;
        coach.sees("document.activeElement.textContent.includes('Soon') && location.pathname === '/'").await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn typed_day_outlives_the_page() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _) = coach_on_dashboard(stage).await?;
        type_day(&coach, 20).await?;
        let day: String = coach
            .page
            .eval("return document.getElementById('plan-when').value;", Vec::new())
            .await?;
        let is_kept = format!(
            "document.querySelector('details.plan')?.open && document.getElementById('plan-when').value === {}",
            quoted(&day)
        );
        let leave = "document.querySelector('.more a').click(); return null;";
        coach.page.eval::<()>(leave, Vec::new()).await?;
        coach.sees("location.pathname === '/sessions'").await?;
        coach.page.driver.back().await?;
        coach.sees(&is_kept).await?;
        coach.page.driver.refresh().await?;
        coach.sees(&is_kept).await?;
        coach.fill("Title (optional)", "Soon").await?;
        coach.sees(&is_kept).await?;
        coach.click("Plan session").await?;
        coach
            .sees("document.activeElement.textContent.includes('Soon') && document.getElementById('plan-when').value === ''")
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn plan_made_offline_is_shown_and_made_once() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _) = coach_on_dashboard(stage).await?;
        coach.set_offline(true).await?;
        plan(&coach, 20, "Made offline").await?;
        let waits = "document.querySelector('.unplanned')?.innerText.includes('Not saved yet')
             && document.querySelector('.unplanned').innerText.includes('Made offline, with')";
        let is_blank = "document.getElementById('plan-title')?.value === ''
             && document.getElementById('plan-when').value === ''";
        coach.sees(waits).await?;
        coach.sees(is_blank).await?;
        // It is still there when they come back, and what they typed is not.
        let leave = "document.querySelector('.more a').click(); return null;";
        coach.page.eval::<()>(leave, Vec::new()).await?;
        coach.sees("location.pathname === '/sessions'").await?;
        let row =
            "[...document.querySelectorAll('main .sessions li')].find((row) => row.innerText.includes('Made offline'))";
        coach
            .sees(&format!(
                "{row}?.innerText.includes('Not saved yet') && !{row}.querySelector('a')"
            ))
            .await?;
        coach.page.driver.back().await?;
        coach.sees(waits).await?;
        coach.sees(is_blank).await?;
        coach.set_offline(false).await?;
        let planned = "[...document.querySelectorAll('main .sessions .title')]
             .filter((title) => title.textContent === 'Made offline').length === 1";
        coach
            .sees(&format!("{planned} && !document.querySelector('.unplanned')"))
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn refused_plan_can_be_made_again() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _) = coach_on_dashboard(stage).await?;
        // The server has no rule of its own that a plan could break.
        let refuse = "const send = window.fetch;
             window.fetch = (request, ...rest) => {
                 const { url, method } = request;
                 if (!window.refuses || method !== 'POST' || !url.endsWith('/coaching_sessions')) return send(request, ...rest);
                 return Promise.resolve(Response.json({ status_code: 422, message: 'Not on that day.' }, { status: 422 }));
             };
             window.refuses = true; return null;";
        coach.page.eval::<()>(refuse, Vec::new()).await?;
        plan(&coach, 20, "Refused").await?;
        let card = "document.querySelector('.unplanned [data-testid=conflict]')?.innerText";
        for text in ["Not on that day.", "Refused, with"] {
            coach.sees(&format!("{card}.includes({})", quoted(text))).await?;
        }
        coach.look_at_every_size("plan-refused").await?;
        coach.page.eval::<()>("window.refuses = false; return null;", Vec::new()).await?;
        coach.click("Plan again").await?;
        let planned = "[...document.querySelectorAll('main .sessions .title')]
             .filter((title) => title.textContent === 'Refused').length === 1";
        coach
            .sees(&format!("{planned} && !document.querySelector('.unplanned')"))
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn all_sessions_are_listed_and_searched() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, session) = coach_on_dashboard(stage).await?;
        let api = stage.api(COACH).await?;
        for (year, title) in [(1999, "Before it all"), (2031, "Some day"), (2044, "Some other day")] {
            let new = json!({"coaching_relationship_id": session.coaching_relationship_id,
                "date": format!("{year}-06-01T10:00:00"), "title": title});
            let planned = api.send(Method::POST, "/coaching_sessions", &new).await?;
            ensure!(planned.status().is_success(), "{}", planned.text().await?);
        }
        coach.open("/sessions").await?;
        let titles = "[...document.querySelectorAll('main li .title')].map((title) => title.textContent)";
        coach
            .sees(&format!(
                "{titles}.includes('Before it all') && {titles}.includes('Some day')"
            ))
            .await?;
        let all: Vec<String> = coach.page.eval(&format!("return {titles};"), Vec::new()).await?;
        let place = |title: &str| all.iter().position(|other| other == title).context(title.to_owned());
        ensure!(
            place("Some day")? < place("Some other day")?,
            "the next comes first: {all:?}"
        );
        ensure!(
            all.last().map(String::as_str) == Some("Before it all"),
            "the last comes first: {all:?}"
        );
        coach.look_at_every_size("all-sessions").await?;

        coach.fill("Search by title or person", "some").await?;
        coach
            .sees(&format!("{titles}.join() === 'Some day,Some other day'"))
            .await?;
        coach
            .sees("document.body.innerText.includes('No session matches.')")
            .await?;
        coach.fill("Search by title or person", "CEE").await?;
        coach.sees(&format!("{titles}.includes('Before it all')")).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn open_actions_and_goals_stand_by_date() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, session) = coach_on_dashboard(stage).await?;
        let (api, coachee) = (stage.api(COACH).await?, stage.api(COACHEE).await?.user);
        let send = async |path: &str, body: Value| {
            let response = api.send(Method::POST, path, &body).await?;
            ensure!(response.status().is_success(), "{}", response.text().await?);
            Ok(())
        };
        let relationship = session.coaching_relationship_id;
        for (title, day) in [("Later", json!("2031-05-01")), ("Never", json!(null)), ("Sooner", json!("2029-05-01"))] {
            let goal = json!({"coaching_relationship_id": relationship, "title": title, "status": "NotStarted",
                "target_date": day});
            send("/goals", goal).await?;
        }
        let goals = api.stored(Kind::Goal, &session).await?;
        let goal = goals.iter().find(|goal| goal.text == "Sooner").context("the goal")?.id.clone();
        for (body, due) in [("Undated", json!(null)), ("In June", json!("2031-06-01T10:00:00Z")), ("In May", json!("2031-05-01T10:00:00Z"))] {
            let action = json!({"coaching_session_id": session.id, "body": body, "status": "NotStarted", "due_by": due,
                "assignee_ids": [coachee.id, api.user.id], "goal_id": goal});
            send("/actions", action).await?;
        }
        let order = |list: &str, texts: [&str; 3]| {
            format!(
                "rows('{list}').flatMap((row) => {0}.filter((text) => row.text.split('\\n').includes(text))).join() === {0}.join()",
                json!(texts)
            )
        };
        coach.sees(&order("open-actions", ["In May", "In June", "Undated"])).await?;
        coach.sees(&order("open-goals", ["Sooner", "Later", "Never"])).await?;
        let row = "rowWith('open-actions', 'In May').text";
        for shown in ["Due Thu 1 May 2031", "For Cee Coachee and you", "→ Sooner"] {
            coach.sees(&format!("{row}.includes({})", quoted(shown))).await?;
        }
        coach.sees("rowWith('open-goals', 'Sooner').text.includes('By Tue 1 May 2029')").await?;
        coach.look_at_every_size("dashboard-dates").await?;
        no_defects(&[&coach]).await
    })
    .await
}
