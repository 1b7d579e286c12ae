//! Texts of any script and any length: they run in their own direction, and are never cut.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::person::Person;
use e2e::scenario::{COACH, no_defects, scenario};
use reqwest::Method;
use serde_json::json;

/// Ends with a full stop, which stands at the left where the text runs from right to left.
const HEBREW: &str = "להתקשר לאנה.";

/// The elements that show Hebrew letters and do not run from right to left, as HTML.
const ASTRAY: &str = "return [...document.querySelectorAll('body *')]
    .filter((element) => /[\\u05d0-\\u05ea]/.test(element.value ?? [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join('')))
    .filter((element) => !['SCRIPT', 'STYLE', 'TITLE'].includes(element.tagName))
    .filter((element) => getComputedStyle(element).direction !== 'rtl')
    .map((element) => element.outerHTML);";

async fn runs_in_its_direction(person: &Person, least: usize) -> anyhow::Result<()> {
    person
        .sees(&format!(
            "document.querySelector('#main')?.textContent.split('\u{5d0}').length > {least}"
        ))
        .await?;
    let astray: Vec<String> = person.page.eval(ASTRAY, Vec::new()).await?;
    ensure!(astray.is_empty(), "these run in the wrong direction: {astray:#?}");
    Ok(())
}

#[tokio::test]
async fn texts_run_in_their_own_direction() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, session) = stage.two_people_in_one_session().await?;
        let api = stage.api(COACH).await?;
        for kind in Kind::ALL {
            api.create(kind, &session, HEBREW).await?;
        }
        let path = format!("/coaching_sessions/{}", session.id);
        let titled = api.send(Method::PATCH, &path, &json!({"title": HEBREW})).await?;
        ensure!(titled.status().is_success(), "{}", titled.text().await?);
        for kind in Kind::ALL {
            coach.fill(&format!("New {}", kind.word()), HEBREW).await?;
        }
        coach
            .sees("document.querySelector('h1').textContent.includes('\u{5d0}')")
            .await?;
        runs_in_its_direction(&coach, 4).await?;
        let id = coach.row(Kind::Action, HEBREW).await?.id;
        let edit = "find('button', 'Edit', rowElement('actions', arguments[0])).click(); return null;";
        coach.page.eval::<()>(edit, vec![json!(id)]).await?;
        coach.sees("!!find('textbox', 'Edit action')").await?;
        runs_in_its_direction(&coach, 3).await?;

        coach.open("/").await?;
        coach.sees("!!document.querySelector('.plan')").await?;
        runs_in_its_direction(&coach, 3).await?;
        coach.open("/sessions").await?;
        runs_in_its_direction(&coach, 1).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn title_beyond_its_limit_is_said_and_kept() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        coach.open("/").await?;
        coach.sign_in().await?;
        coach.sees("!!document.querySelector('details.plan')").await?;
        let open = "document.querySelector('details.plan').open = true; return null;";
        coach.page.eval::<()>(open, Vec::new()).await?;
        coach.fill("Title (optional)", &"x".repeat(503)).await?;
        coach
            .sees("document.querySelector('.plan .error')?.textContent.startsWith('3 characters too many')")
            .await?;
        coach
            .sees("document.getElementById('plan-title').value.length === 503")
            .await?;
        coach.sees("find('button', 'Plan session').disabled").await?;
        // It is still there, and in sight, after a reload.
        coach.page.driver.refresh().await?;
        coach
            .sees("document.getElementById('plan-title')?.value.length === 503")
            .await?;
        coach.sees("document.querySelector('details.plan').open").await?;
        coach.fill("Title (optional)", "Short").await?;
        coach
            .sees("!document.querySelector('.plan .error') && !find('button', 'Plan session').disabled")
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}
