//! Signing out while changes have not been sent: the question is asked where one looks, and nothing else means yes.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::person::Person;
use e2e::scenario::{COACH, Stage, no_defects, scenario};
use serde_json::json;

/// A condition: the question is open, has the focus, and can be seen.
const ASKED: &str = "(() => { const dialog = document.querySelector('dialog[open]');
    const box = dialog?.getBoundingClientRect();
    return box?.top >= 0 && box.bottom <= innerHeight && dialog.contains(document.activeElement); })()";

/// A condition: it is not open, and the button has the focus again.
const BACK: &str = "!document.querySelector('dialog') && document.activeElement === find('button', 'Sign out')";

/// A condition: the line that counts what is unsent is in the window, and small.
const LINE_IN_SIGHT: &str = "(() => { const box = byTestId('unsent').getBoundingClientRect();
    return box.height > 10 && box.height < 40 && box.top >= 0 && box.bottom <= innerHeight; })()";

/// The coach on a long page that is scrolled down, with one change that can not be sent.
async fn coach_with_unsent_change(stage: &Stage) -> anyhow::Result<Person> {
    let (coach, _, session) = stage.two_people_in_one_session().await?;
    let api = stage.api(COACH).await?;
    for number in 1..=25 {
        api.create(Kind::Action, &session, &format!("Step {number}")).await?;
    }
    coach.sees("rowElements('actions').length >= 25").await?;
    coach.set_offline(true).await?;
    coach.add(Kind::Agreement, "Written without a network").await?;
    coach
        .page
        .eval::<()>("scrollTo(0, 900); return null;", Vec::new())
        .await?;
    coach
        .sees("scrollY === 900 && byTestId('unsent').dataset.count === '1'")
        .await?;
    Ok(coach)
}

#[tokio::test]
async fn unsent_line_stays_in_sight() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = coach_with_unsent_change(stage).await?;
        coach.sees(LINE_IN_SIGHT).await?;
        let said = "One change has not been sent yet. It goes by itself, as soon as the server can be reached.";
        ensure!(coach.page.text().await?.contains(said));
        coach.look_at_every_size("unsent").await?;
        let narrow = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        coach.page.command("Emulation.setDeviceMetricsOverride", narrow).await?;
        coach
            .page
            .eval::<()>("scrollTo(0, 900); return null;", Vec::new())
            .await?;
        coach.sees(LINE_IN_SIGHT).await?;
        coach
            .page
            .command("Emulation.clearDeviceMetricsOverride", json!({}))
            .await?;
        coach.set_offline(false).await?;
        coach
            .sees("byTestId('unsent').dataset.count === '0' && byTestId('unsent').textContent === ''")
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn signing_out_asks_in_a_dialog_in_sight() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = coach_with_unsent_change(stage).await?;
        coach.click("Sign out").await?;
        coach.sees(ASKED).await?;
        coach.look_at_every_size("sign-out-question").await?;

        // The button that asked means nothing else the second time.
        let press = "find('button', 'Sign out').click(); return null;";
        coach.page.eval::<()>(press, Vec::new()).await?;
        coach.sees(ASKED).await?;
        ensure!(
            coach.address().await?.starts_with("/coaching-sessions/"),
            "signed out without an answer"
        );

        coach.type_on("\u{e00c}").await?;
        coach.sees(BACK).await?;
        coach.click("Sign out").await?;
        coach.click("Stay").await?;
        coach.sees(BACK).await?;

        coach.click("Sign out").await?;
        coach.click("Sign out anyway").await?;
        coach.sees("location.pathname === '/login'").await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn question_goes_with_its_page() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = coach_with_unsent_change(stage).await?;
        coach.click("Sign out").await?;
        coach.sees(ASKED).await?;
        coach.page.driver.back().await?;
        coach
            .sees("location.pathname === '/' && !document.querySelector('dialog') && !!sessionLink()")
            .await?;
        // It does not come back with the page.
        coach.page.driver.forward().await?;
        coach
            .sees("location.pathname !== '/' && !!byTestId('actions') && !document.querySelector('dialog')")
            .await?;
        coach.click("Sign out").await?;
        coach.sees(ASKED).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn question_notices_that_everything_was_sent() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = coach_with_unsent_change(stage).await?;
        coach.click("Sign out").await?;
        coach.sees(ASKED).await?;
        coach.set_offline(false).await?;
        coach
            .sees("document.querySelector('dialog')?.textContent.includes('Everything is saved')")
            .await?;
        let confirm = coach.page.element(
            "return find('button', 'Sign out', document.querySelector('dialog'));",
            Vec::new(),
        );
        confirm.await?.click().await?;
        coach.sees("location.pathname === '/login'").await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn signing_out_asks_for_changes_of_another_tab() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = coach_with_unsent_change(stage).await?;
        let driver = &coach.page.driver;
        let (first, second) = (driver.window().await?, driver.new_tab().await?);
        driver.switch_to_window(second).await?;
        coach.open("/").await?;
        coach.click("Sign out").await?;
        coach.sees(ASKED).await?;
        coach
            .sees("document.querySelector('dialog').innerText.includes('in another tab')")
            .await?;
        coach.click("Stay").await?;
        coach.sees(BACK).await?;
        // Once the other tab has sent everything, nothing is asked.
        driver.switch_to_window(first).await?;
        coach.set_offline(false).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        coach.click("Sign out").await?;
        coach.sees("location.pathname === '/login'").await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn living_tab_sends_closed_tabs_changes() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        let driver = &coach.page.driver;
        let (first, second) = (driver.window().await?, driver.new_tab().await?);
        driver.switch_to_window(second.clone()).await?;
        coach.open(&format!("/coaching-sessions/{}", session.id)).await?;
        coach.until_session_shown().await?;
        driver.switch_to_window(first).await?;
        coach.set_offline(true).await?;
        coach.add(Kind::Agreement, "Left by a closed tab").await?;
        coach.sees("byTestId('unsent').dataset.count === '1'").await?;
        // On the disk before the tab goes.
        coach
            .sees("Object.keys(localStorage).some((name) => name.startsWith('freshet-unsent-'))")
            .await?;
        driver.close_window().await?;
        driver.switch_to_window(second).await?;
        coach.sees(&Kind::Agreement.shows("Left by a closed tab")).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        let stored = coachee.stored(Kind::Agreement, &session).await?;
        let times = stored.iter().filter(|it| it.text == "Left by a closed tab").count();
        ensure!(times == 1, "it was added {times} times");
        no_defects(&[&coach]).await
    })
    .await
}

/// A condition: the page shows all of these texts and none of those.
fn shows_only(shown: &[&str], hidden: &[&str]) -> String {
    let shown = json!(shown);
    let hidden = json!(hidden);
    format!(
        "(() => {{ const text = document.querySelector('main').innerText;
            return {shown}.every((it) => text.includes(it)) && !{hidden}.some((it) => text.includes(it)); }})()"
    )
}

#[tokio::test]
async fn unsent_changes_show_in_every_list() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        for text in ["To be ticked", "To be reworded", "To be deleted"] {
            coachee.create(Kind::Action, &session, text).await?;
            coach.sees(&Kind::Action.shows(text)).await?;
        }
        // Another program writes: the server can be read from, and takes no change.
        let mut database = stage.server.database().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut database).await?;
        coach.complete(Kind::Action, "To be ticked").await?;
        coach.edit(Kind::Action, "To be reworded", "Reworded here").await?;
        coach.delete(Kind::Action, "To be deleted").await?;
        coach.add(Kind::Action, "Added here").await?;
        coach.click("Rename the session").await?;
        coach.fill("Session title", "Renamed here").await?;
        coach.press("Enter").await?;
        coach.sees("byTestId('unsent').dataset.count === '5'").await?;

        let old = [
            "To be ticked",
            "To be reworded",
            "To be deleted",
            session.title.as_deref().unwrap_or("?"),
        ];
        let work = shows_only(&["Reworded here", "Added here", "Renamed here", "Not saved yet"], &old);
        let (titles, link) = (
            shows_only(&["Renamed here"], &old),
            "document.querySelector('a[href=\"/sessions\"]')",
        );
        let click = |what: &str| format!("({what}).click(); return null;");
        coach
            .page
            .eval::<()>(&click("document.querySelector('header .brand')"), Vec::new())
            .await?;
        coach.sees(&work).await?;
        coach.look_at_every_size("dashboard-unsent").await?;
        coach.page.eval::<()>(&click(link), Vec::new()).await?;
        coach.sees(&titles).await?;
        // Also over lists that are read after a reload.
        coach.open("/sessions").await?;
        coach.sees(&titles).await?;
        coach
            .page
            .eval::<()>(&click("document.querySelector('header .brand')"), Vec::new())
            .await?;
        coach.sees(&work).await?;

        sqlx::query("ROLLBACK").execute(&mut database).await?;
        coach.sees("byTestId('unsent').dataset.count === '0'").await?;
        coach
            .sees(&shows_only(&["Reworded here", "Added here", "Renamed here"], &old))
            .await?;
        coach.sees(&shows_only(&[], &["Not saved yet"])).await?;
        let stored = coachee.stored(Kind::Action, &session).await?;
        let times = |text: &str| stored.iter().filter(|it| it.text == text).count();
        ensure!(times("Reworded here") == 1 && times("Added here") == 1 && times("To be deleted") == 0);
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn addition_to_unread_list_is_editable() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, session) = stage.one_reader().await?;
        coach.open("/").await?;
        let link = format!(
            "document.querySelector('a[href^=\"/coaching-sessions/\"]:not([href$=\"{}\"])')",
            session.id
        );
        coach.sees(&format!("!!{link}")).await?;
        coach.set_offline(true).await?;
        coach
            .page
            .eval::<()>(&format!("{link}.click(); return null;"), Vec::new())
            .await?;
        for kind in [Kind::Action, Kind::Agreement] {
            coach.add(kind, &format!("A new {}", kind.word())).await?;
        }
        coach
            .sees(&shows_only(
                &["A new action", "A new agreement", "Not saved yet"],
                &["No agreements yet"],
            ))
            .await?;
        coach.look_at_every_size("session-never-read").await?;
        let count = |count: u32| format!("byTestId('unsent').dataset.count === '{count}'");
        coach
            .edit(Kind::Agreement, "A new agreement", "A better agreement")
            .await?;
        coach.edit(Kind::Action, "A new action", "A better action").await?;
        let better = ["A better action", "A better agreement", "Not saved yet"];
        coach.sees(&shows_only(&better, &["A new"])).await?;
        coach.sees(&count(2)).await?;
        coach.delete(Kind::Action, "A better action").await?;
        coach.sees(&shows_only(&better[1..], &[better[0]])).await?;
        coach.sees(&count(1)).await?;
        let toast = "[...byTestId('toasts').children].find((toast) => toast.innerText.includes('Action deleted'))";
        let undo = format!("find('button', 'Undo', {toast}).click(); return null;");
        coach.page.eval::<()>(&undo, Vec::new()).await?;
        coach.sees(&shows_only(&better, &["A new"])).await?;
        coach.set_offline(false).await?;
        coach.sees(&count(0)).await?;
        for (kind, text) in [(Kind::Action, better[0]), (Kind::Agreement, better[1])] {
            coach.sees(&kind.shows(text)).await?;
            let once = format!("document.querySelector('main').innerText.split('{text}').length === 2");
            coach.sees(&once).await?;
        }
        no_defects(&[&coach]).await
    })
    .await
}
