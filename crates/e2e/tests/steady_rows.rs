//! Rows under a pointer do not move when the other person adds or deletes rows.

use anyhow::{Context as _, bail, ensure};
use e2e::api::Api;
use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{COACHEE, Stage, no_defects, scenario};
use reqwest::Method;
use serde_json::{Value, json};
use wire::CoachingSession;

/// Enough for the page to be scrolled.
const ROWS: usize = 30;

/// The coach with many actions on the screen, and the coachee who changes them from elsewhere.
async fn coach_and_api(stage: &Stage) -> anyhow::Result<(Person, Api, CoachingSession)> {
    let (coach, _, session) = stage.two_people_in_one_session().await?;
    let api = stage.api(COACHEE).await?;
    for number in 1..=ROWS {
        api.create(Kind::Action, &session, &format!("Row {number:02}")).await?;
    }
    coach.sees(&format!("rowElements('actions').length >= {ROWS}")).await?;
    coach.until_connected().await?;
    Ok((coach, api, session))
}

async fn id_of(api: &Api, session: &CoachingSession, text: &str) -> anyhow::Result<String> {
    let stored = api.stored(Kind::Action, session).await?;
    let found = stored.into_iter().find(|it| it.text == text);
    Ok(found.with_context(|| text.to_owned())?.id)
}

async fn delete(api: &Api, id: &str) -> anyhow::Result<()> {
    let response = api
        .send(Method::DELETE, &format!("/actions/{id}"), &Value::Null)
        .await?;
    ensure!(response.status().is_success(), "{}", response.text().await?);
    Ok(())
}

/// Moves the mouse to the box of a row, and says where that is.
async fn point_at(person: &Person, id: &str) -> anyhow::Result<(f64, f64)> {
    let script = "const box = rowElement('actions', arguments[0]).querySelector('.tick').getBoundingClientRect();
         return [box.x + box.width / 2, box.y + box.height / 2];";
    let at: (f64, f64) = person.page.eval(script, vec![json!(id)]).await?;
    mouse(person, "mouseMoved", at).await?;
    Ok(at)
}

async fn mouse(person: &Person, kind: &str, (x, y): (f64, f64)) -> anyhow::Result<()> {
    let input = json!({"type": kind, "x": x, "y": y, "button": if kind == "mouseMoved" { "none" } else { "left" },
        "clickCount": i32::from(kind != "mouseMoved")});
    person.page.command("Input.dispatchMouseEvent", input).await?;
    Ok(())
}

/// Clicks without moving the mouse.
async fn click(person: &Person, at: (f64, f64)) -> anyhow::Result<()> {
    mouse(person, "mousePressed", at).await?;
    mouse(person, "mouseReleased", at).await
}

fn is_gone(id: &str) -> String {
    format!("!rowElement('actions', {})", quoted(id))
}

/// The ids of the rows that are ticked.
async fn ticked(api: &Api, session: &CoachingSession) -> anyhow::Result<Vec<String>> {
    let stored = api.stored(Kind::Action, session).await?;
    Ok(stored.into_iter().filter(|it| it.done).map(|it| it.id).collect())
}

#[tokio::test]
async fn click_hits_its_row_after_deletion_above() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, api, session) = coach_and_api(stage).await?;
        let (above, aimed, last) = (
            id_of(&api, &session, "Row 10").await?,
            id_of(&api, &session, "Row 12").await?,
            id_of(&api, &session, "Row 30").await?,
        );
        let scroll = "rowElement('actions', arguments[0]).scrollIntoView({block: 'center'}); return null;";
        coach.page.eval::<()>(scroll, vec![json!(aimed)]).await?;
        let before = ticked(&api, &session).await?;
        let at = point_at(&coach, &aimed).await?;
        delete(&api, &above).await?;
        coach.sees(&is_gone(&above)).await?;
        click(&coach, at).await?;
        coach
            .sees(&format!(
                "rowElement('actions', {}).querySelector('.tick').checked",
                quoted(&aimed)
            ))
            .await?;
        // What comes after it in the queue is stored after it.
        coach.add(Kind::Action, "After the tick").await?;
        coach
            .sees("rowElements('actions').at(-1).getAttribute('aria-busy') === null")
            .await?;
        let mut expected = before;
        expected.push(aimed);
        let mut found = ticked(&api, &session).await?;
        expected.sort();
        found.sort();
        ensure!(found == expected, "{found:?} are ticked, not {expected:?}");
        ensure!(!found.contains(&last));
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn click_on_row_that_just_came_does_nothing() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, api, _) = coach_and_api(stage).await?;
        let rows = coach.rows(Kind::Action).await?;
        let [gone, next, ..] = &rows[..] else {
            bail!("there are too few rows");
        };
        let (gone, next) = (&gone.id, &next.id);
        coach
            .page
            .eval::<()>("scrollTo(0, 0); return null;", Vec::new())
            .await?;
        let at = point_at(&coach, gone).await?;
        // The very row that is aimed at goes: nothing can keep it there.
        delete(&api, gone).await?;
        coach.sees(&is_gone(gone)).await?;
        click(&coach, at).await?;
        let is_next = format!(
            "document.elementFromPoint({}, {}).closest('[data-id]').dataset.id === {}",
            at.0,
            at.1,
            quoted(next)
        );
        coach.sees(&is_next).await?;
        let is_ticked = format!("rowElement('actions', {}).querySelector('.tick').checked", quoted(next));
        ensure!(
            !coach
                .page
                .eval::<bool>(&format!("return {is_ticked};"), Vec::new())
                .await?,
            "the wrong row"
        );

        // Once it has been there for a while, it is meant.
        coach
            .page
            .eval::<()>("kept.since = performance.now(); return null;", Vec::new())
            .await?;
        coach.sees("performance.now() - kept.since > 450").await?;
        click(&coach, at).await?;
        coach.sees(&is_ticked).await?;
        no_defects(&[&coach]).await
    })
    .await
}
