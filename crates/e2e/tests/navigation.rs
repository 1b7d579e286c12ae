//! Going from page to page: where the next one is scrolled to, where the focus is, what is announced.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{COACH, Stage, configured, no_defects, scenario};
use serde_json::json;
use wire::CoachingSession;

/// Long enough for every page to be scrolled.
const ACTIONS: usize = 40;

/// Slow enough to act before an answer comes.
const LATENCY: Duration = Duration::from_millis(1_500);

/// A condition: every action is on the page of the session.
const ALL_ROWS: &str = "rowElements('actions').length > 40";

/// A condition: the page is at its top, and reading begins there.
const AT_TOP: &str = "scrollY === 0 && document.activeElement === document.getElementById('main')";

/// The coach on the dashboard, with a session that has many actions.
async fn coach_with_many_actions(stage: &Stage) -> anyhow::Result<(Person, CoachingSession)> {
    let coach = stage.person(COACH).await?;
    coach.open("/").await?;
    coach.sign_in().await?;
    let (_, path): (_, String) = coach.page.until("sessionLink()?.getAttribute('href')").await?;
    let api = stage.api(COACH).await?;
    let id = path.rsplit('/').next().unwrap_or_default().parse()?;
    let session = api.session(id).await?;
    for number in 1..=ACTIONS {
        api.create(Kind::Action, &session, &format!("Step {number} of many"))
            .await?;
    }
    coach
        .sees(&format!("{} !== undefined", link_to_action(ACTIONS)))
        .await?;
    coach.until_connected().await?;
    Ok((coach, session))
}

/// The link of an open action on the dashboard.
fn link_to_action(number: usize) -> String {
    let text = quoted(&format!("Step {number} of many"));
    format!("[...document.querySelectorAll('main a')].find((link) => link.textContent.includes({text}))")
}

/// Clicks where a link is, as a person does who sees it.
async fn follow(person: &Person, link: &str) -> anyhow::Result<()> {
    let found = person.page.element(&format!("return {link};"), Vec::new()).await?;
    found.click().await.with_context(|| format!("following {link}"))
}

async fn scroll_to(person: &Person, top: u32) -> anyhow::Result<()> {
    let script = format!("scrollTo(0, {top}); return null;");
    person.page.eval::<()>(&script, Vec::new()).await?;
    person.sees(&format!("scrollY === {top}")).await
}

/// Waits until the history has kept where the page is, for when the page is loaded anew.
async fn until_kept(person: &Person) -> anyhow::Result<()> {
    person.sees("Math.abs(history.state.freshetTop - scrollY) < 1").await
}

/// What was announced last.
const ANNOUNCED: &str = "byTestId('announcer')?.textContent";

#[tokio::test]
async fn cached_page_opens_at_its_top_with_focus() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, session) = coach_with_many_actions(stage).await?;
        let path = format!("/coaching-sessions/{}", session.id);
        // Once there and back, so that everything is known.
        follow(
            &coach,
            &format!("document.querySelector('main a[href={}]')", quoted(&path)),
        )
        .await?;
        coach.sees(ALL_ROWS).await?;
        follow(&coach, "document.querySelector('header .brand')").await?;
        coach
            .sees(&format!("{} !== undefined", link_to_action(ACTIONS)))
            .await?;

        scroll_to(&coach, 700).await?;
        let link = format!("document.querySelector('main a[href={}]')", quoted(&path));
        coach
            .page
            .eval::<()>(&format!("{link}.click(); return null;"), Vec::new())
            .await?;
        coach.until_at(&path).await?;
        coach.sees(AT_TOP).await?;
        coach
            .sees(&format!("{ANNOUNCED} === document.title.replace(' · Freshet', '')"))
            .await?;

        scroll_to(&coach, 900).await?;
        follow(&coach, "document.querySelector('header .brand')").await?;
        coach.sees(AT_TOP).await?;
        coach.sees(&format!("{ANNOUNCED} === 'Dashboard'")).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn back_forward_and_reload_restore_the_place() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, session) = coach_with_many_actions(stage).await?;
        let path = format!("/coaching-sessions/{}", session.id);
        scroll_to(&coach, 600).await?;
        let link = format!("document.querySelector('main a[href={}]')", quoted(&path));
        coach
            .page
            .eval::<()>(&format!("{link}.click(); return null;"), Vec::new())
            .await?;
        coach.sees(ALL_ROWS).await?;
        coach.sees(AT_TOP).await?;
        let row = "document.elementFromPoint(300, 100).closest('[data-id]')?.dataset.id";
        scroll_to(&coach, 1_000).await?;
        let (_, seen): (_, String) = coach.page.until(row).await?;

        coach.page.driver.back().await?;
        coach.sees("location.pathname === '/' && scrollY === 600").await?;
        coach.sees(&format!("document.activeElement === {link}")).await?;
        coach.page.driver.forward().await?;
        let restored = format!("location.pathname !== '/' && {row} === {}", quoted(&seen));
        coach.sees(&restored).await?;
        until_kept(&coach).await?;
        coach.page.driver.refresh().await?;
        coach.sees(ALL_ROWS).await?;
        coach.sees(&restored).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn restoring_gives_up_when_the_person_scrolls() -> anyhow::Result<()> {
    configured(&json!({"keep_data": false}), async |stage| {
        let (coach, _) = coach_with_many_actions(stage).await?;
        scroll_to(&coach, 600).await?;
        until_kept(&coach).await?;
        coach.page.driver.refresh().await?;
        coach.sees("scrollY === 600").await?;

        coach.slow_down(LATENCY).await?;
        coach.page.driver.refresh().await?;
        coach.sees("!!document.querySelector('.skeleton')").await?;
        let wheel = json!({"type": "mouseWheel", "x": 300, "y": 300, "deltaX": 0, "deltaY": -50});
        coach.page.command("Input.dispatchMouseEvent", wheel).await?;
        coach
            .sees(&format!("{} !== undefined", link_to_action(ACTIONS)))
            .await?;
        ensure!(
            coach.page.eval::<f64>("return scrollY;", Vec::new()).await? < 1.0,
            "the page was scrolled"
        );
        coach.slow_down(Duration::ZERO).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn link_that_names_a_row_shows_it() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, session) = coach_with_many_actions(stage).await?;
        let api = stage.api(COACH).await?;
        let stored = api.stored(Kind::Action, &session).await?;
        let id = &stored
            .iter()
            .find(|it| it.text == "Step 20 of many")
            .context("the action")?
            .id;
        let shown = format!(
            "(() => {{ const row = rowElement('actions', {});
               const top = row?.getBoundingClientRect().top;
               const below = document.querySelector('header.top')?.getBoundingClientRect().bottom;
               return top >= below && top < below + 40 && document.activeElement === row; }})()",
            quoted(id)
        );
        follow(&coach, &link_to_action(20)).await?;
        coach.sees(&shown).await?;
        let address: String = coach
            .page
            .eval("return location.pathname + location.hash;", Vec::new())
            .await?;
        ensure!(
            address == format!("/coaching-sessions/{}#{id}", session.id),
            "{address}"
        );

        // As an address that is opened anew.
        coach.open("/").await?;
        coach.open(&address).await?;
        coach.sees(&shown).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn planning_moves_the_focus_to_the_session() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _) = coach_with_many_actions(stage).await?;
        coach
            .page
            .eval::<()>(
                "document.querySelector('.plan summary').click(); return null;",
                Vec::new(),
            )
            .await?;
        let starts = "const field = document.getElementById('plan-when');
             const day = new Date(Date.now() + 5 * 86400000).toISOString().slice(0, 10);
             field.value = `${day}T10:00`;
             field.dispatchEvent(new Event('input', { bubbles: true })); return null;";
        coach.page.eval::<()>(starts, Vec::new()).await?;
        coach.fill("Title (optional)", "Planned by test").await?;
        coach.click("Plan session").await?;
        coach
            .sees(
                "document.activeElement.matches('main a[href^=\"/coaching-sessions/\"]')
                 && document.activeElement.textContent.includes('Planned by test')",
            )
            .await?;
        coach.sees(&format!("{ANNOUNCED}.includes('Planned')")).await?;
        coach
            .sees(
                "document.activeElement.getBoundingClientRect().top
                 >= document.querySelector('header.top').getBoundingClientRect().bottom",
            )
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}
