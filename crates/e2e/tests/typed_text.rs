//! Text that is typed and not saved outlives the page, a sign-out, and the temporary id of its row.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::scenario::{ADMIN, COACHEE, no_defects, scenario};
use serde_json::json;

#[tokio::test]
async fn typed_text_survives_reload_and_forced_sign_out() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (_, coachee, session) = stage.two_people_in_one_session().await?;
        coachee.fill("New action", "Half a thought").await?;
        coachee.page.driver.refresh().await?;
        coachee
            .sees("find('textbox', 'New action')?.value === 'Half a thought'")
            .await?;

        let admin = stage.api(ADMIN).await?;
        let id = stage.api(COACHEE).await?.user.id;
        let reason = json!({"reason": "A new password is needed."});
        admin
            .send(reqwest::Method::POST, &format!("/users/{id}/force_logout"), &reason)
            .await?;
        coachee.until_at("/login").await?;
        ensure!(coachee.page.text().await?.contains("What was not saved yet is kept"));
        coachee.sign_in().await?;
        coachee.open(&format!("/coaching-sessions/{}", session.id)).await?;
        coachee
            .sees("find('textbox', 'New action')?.value === 'Half a thought'")
            .await?;
        coachee.click("Add action").await?;
        coachee.sees(&Kind::Action.shows("Half a thought")).await?;
        coachee.sees("find('textbox', 'New action')?.value === ''").await
    })
    .await
}

#[tokio::test]
async fn typed_text_follows_its_new_row() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        coach.set_offline(true).await?;
        coach.add(Kind::Agreement, "Added offline").await?;
        coach.begin_edit(Kind::Agreement, "Added offline", "Half typed").await?;
        // The server names the row while another page is open.
        let leave = "document.querySelector('header .brand').click(); return null;";
        coach.page.eval::<()>(leave, Vec::new()).await?;
        coach.sees("byTestId('unsent').dataset.count === '1'").await?;
        coach.set_offline(false).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        coach
            .page
            .eval::<()>("history.back(); return null;", Vec::new())
            .await?;
        coach
            .sees("find('textbox', 'Edit agreement')?.value === 'Half typed' && !byTestId('conflict')")
            .await?;
        let field = coach
            .page
            .element("return find('textbox', 'Edit agreement');", Vec::new());
        field.await?.send_keys(", and saved\u{e007}").await?;
        coach.sees(&Kind::Agreement.shows("Half typed, and saved")).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        let stored = coachee.stored(Kind::Agreement, &session).await?;
        let texts = |text: &str| stored.iter().filter(|it| it.text == text).count();
        ensure!(texts("Half typed, and saved") == 1 && texts("Added offline") == 0);
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn discarded_text_can_be_had_back() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.one_reader().await?;
        coach.add(Kind::Agreement, "As it was").await?;
        coach
            .begin_edit(Kind::Agreement, "As it was", "Much that was typed")
            .await?;
        coach.type_on("\u{e00c}").await?;
        coach.sees(&Kind::Agreement.shows("As it was")).await?;
        coach.click("Undo").await?;
        coach
            .sees("find('textbox', 'Edit agreement')?.value === 'Much that was typed'")
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}
