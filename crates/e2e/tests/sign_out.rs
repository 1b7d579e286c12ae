//! Being signed out by somebody else, or by time: once, with a reason, and leaving nothing behind.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use e2e::items::Kind;
use e2e::person::Person;
use e2e::scenario::{ADMIN, COACHEE, no_defects, scenario};
use reqwest::Method;
use serde_json::json;

/// A condition: the sign-in page is on the screen, with a reason in the address, which is its value.
const SIGNED_OUT: &str = "location.pathname === '/login' && find('textbox', 'Email') && !byTestId('actions') \
                          && new URLSearchParams(location.search).get('reason')";

#[tokio::test]
async fn forced_sign_out_leaves_nothing() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.two_people_in_one_session().await?;
        // So that there is a page of theirs to go back to.
        coachee.open("/").await?;
        coachee.until_connected().await?;
        coachee.open(&format!("/coaching-sessions/{}", session.id)).await?;
        coachee.until_connected().await?;
        let private = "Nobody else reads this";
        coachee.add(Kind::Action, private).await?;
        coach.sees(&Kind::Action.shows(private)).await?;
        coach.settle_down().await?;
        coachee
            .page
            .eval::<()>("recordAddresses(); return null;", Vec::new())
            .await?;
        coachee.take_requests().await?;

        let admin = stage.api(ADMIN).await?;
        let coachee_id = stage.api(COACHEE).await?.user.id;
        let reason = json!({"reason": "Somebody else may have your password."});
        let response = admin
            .send(Method::POST, &format!("/users/{coachee_id}/force_logout"), &reason)
            .await?;
        ensure!(
            response.status().is_success(),
            "forcing the sign-out: {}",
            response.text().await?
        );

        let (_, why): (_, String) = coachee.page.until(SIGNED_OUT).await?;
        ensure!(why == "forced_logout", "the reason is {why:?}");
        ensure!(
            coachee.page.text().await?.to_lowercase().contains("signed out"),
            "the page does not say why"
        );
        coachee.look_at_every_size("signed-out").await?;
        let addresses: Vec<String> = coachee.page.eval("return kept.addresses;", Vec::new()).await?;
        let [address] = &addresses[..] else {
            bail!("the app went to {addresses:?}")
        };
        ensure!(
            address.starts_with("/login?reason=forced_logout"),
            "the app went to {address}"
        );

        // Nothing of theirs is to be had any more, not even by going back.
        coachee.page.driver.back().await?;
        coachee
            .page
            .until::<String>("location.pathname === '/login' && 'there'")
            .await?;
        ensure!(
            !coachee.page.text().await?.contains(private),
            "the page still shows what was theirs"
        );
        let streams = coachee.take_requests().await?;
        ensure!(
            streams.iter().all(|request| request.kind != "EventSource"),
            "a stream was opened: {streams:#?}"
        );

        // The other person has noticed nothing.
        coach.is_undisturbed().await?;
        ensure!(coach.page.eval::<String>("return indicator();", Vec::new()).await? == "connected");

        // And the way back is open.
        coachee.sign_in().await?;
        coachee.open(&format!("/coaching-sessions/{}", session.id)).await?;
        coachee.sees(&Kind::Action.shows(private)).await?;
        coachee.until_connected().await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn sign_in_returns_to_same_page() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.two_people_in_one_session().await?;
        expire(stage, &coachee).await?;
        // The next request finds out.
        coachee.add(Kind::Action, "Written too late").await?;
        let (_, why): (_, String) = coachee.page.until(SIGNED_OUT).await?;
        ensure!(why == "session_expired", "the reason is {why:?}");
        ensure!(
            coachee.page.text().await?.contains("What was not saved yet is kept"),
            "the page does not say what becomes of it"
        );
        ensure!(
            coach
                .rows(Kind::Action)
                .await?
                .iter()
                .all(|row| !row.text.contains("Written too late"))
        );

        coachee.sign_in().await?;
        coachee.until_at(&format!("/coaching-sessions/{}", session.id)).await?;
        coachee.until_connected().await?;
        coach.sees(&Kind::Action.shows("Written too late")).await?;
        coachee.sees(&Kind::Action.shows("Written too late")).await?;
        coachee.add(Kind::Action, "Written in time").await?;
        coach.sees(&Kind::Action.shows("Written in time")).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

/// Lets the sign-in of somebody end, as time would.
async fn expire(stage: &e2e::scenario::Stage, person: &Person) -> anyhow::Result<()> {
    let mut database = stage.server.database().await?;
    let change = "UPDATE sign_ins SET expires_at = 1 WHERE user_id = (SELECT id FROM users WHERE email = ?)";
    let changed = sqlx::query(change).bind(person.email).execute(&mut database);
    let changed = tokio::time::timeout(Duration::from_secs(10), changed)
        .await
        .context("the database is locked")??;
    ensure!(changed.rows_affected() > 0, "{} was not signed in", person.email);
    Ok(())
}
