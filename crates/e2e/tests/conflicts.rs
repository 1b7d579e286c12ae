//! Two people change the same row, one of them without a network: nothing that either wrote is lost without a word.

use std::time::{Duration, Instant};

use anyhow::ensure;
use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{Stage, configured, no_defects, scenario};
use serde_json::json;

/// A condition: the row with this text shows a conflict with both texts.
fn shows_conflict(list: &str, theirs: &str, mine: &str) -> String {
    format!(
        "(() => {{ const card = rowElement({0}, rowWith({0}, {1})?.id)?.querySelector('[data-testid=conflict]');
            return card?.innerText.includes({1}) && card.innerText.includes({2}); }})()",
        quoted(list),
        quoted(theirs),
        quoted(mine)
    )
}

/// A condition: no decision is asked for.
const NO_CONFLICT: &str = "!byTestId('conflict')";

/// A condition: the line in the header counts so many changes.
fn counts(unsent: usize) -> String {
    format!("byTestId('unsent').dataset.count === '{unsent}'")
}

/// An action that both see; the coachee has no network and the coach rewords it.
async fn reworded_while_offline(stage: &Stage) -> anyhow::Result<(Person, Person)> {
    let (coach, coachee, _) = stage.two_people_in_one_session().await?;
    coach.add(Kind::Action, "Call Anna").await?;
    coachee.sees(&Kind::Action.shows("Call Anna")).await?;
    coachee.set_offline(true).await?;
    // Until the page knows, a change is tried and may have arrived.
    coachee.sees("indicator() !== 'connected'").await?;
    Ok((coach, coachee))
}

async fn tick_and_reword(stage: &Stage) -> anyhow::Result<()> {
    let (coach, coachee) = reworded_while_offline(stage).await?;
    coachee.complete(Kind::Action, "Call Anna").await?;
    coach.begin_edit(Kind::Action, "Call Anna", "Write to Otto").await?;
    coach.click("Save").await?;
    coach.sees(&Kind::Action.shows("Write to Otto")).await?;
    coachee.sees(&counts(1)).await?;
    coachee.set_offline(false).await?;
    for person in [&coach, &coachee] {
        person.sees(&Kind::Action.shows_done("Write to Otto")).await?;
        person.sees(NO_CONFLICT).await?;
    }
    coachee.sees(&counts(0)).await?;
    no_defects(&[&coach, &coachee]).await
}

#[tokio::test]
async fn tick_and_new_words_both_survive() -> anyhow::Result<()> {
    scenario(async |stage| tick_and_reword(stage).await).await
}

#[tokio::test]
async fn both_survive_on_a_backend_without_patch() -> anyhow::Result<()> {
    configured(&json!({"api_patch": false}), async |stage| tick_and_reword(stage).await).await
}

#[tokio::test]
async fn goal_title_and_status_both_survive() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Goal, "Lead the team").await?;
        coachee.sees(&Kind::Goal.shows("Lead the team")).await?;
        coachee.set_offline(true).await?;
        coachee.choose(Kind::Goal, "Lead the team", "On hold").await?;
        coach.begin_edit(Kind::Goal, "Lead the team", "Lead two teams").await?;
        coach.click("Save").await?;
        coach.sees(&Kind::Goal.shows("Lead two teams")).await?;
        coachee.set_offline(false).await?;
        for person in [&coach, &coachee] {
            person
                .sees(&Kind::Goal.shows_choice("Lead two teams", "On hold"))
                .await?;
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

/// Both reword the same action, the coachee without a network; both texts are on the coachee's screen.
async fn both_reword(stage: &Stage) -> anyhow::Result<(Person, Person)> {
    let (coach, coachee) = reworded_while_offline(stage).await?;
    coachee.begin_edit(Kind::Action, "Call Anna", "Mine: call Ada").await?;
    coachee.click("Save").await?;
    coach
        .begin_edit(Kind::Action, "Call Anna", "Theirs: write to Otto")
        .await?;
    coach.click("Save").await?;
    coach.sees(&Kind::Action.shows("Theirs: write to Otto")).await?;
    coachee.set_offline(false).await?;
    coachee
        .sees(&shows_conflict("actions", "Theirs: write to Otto", "Mine: call Ada"))
        .await?;
    coachee.sees(&counts(1)).await?;
    Ok((coach, coachee))
}

#[tokio::test]
async fn line_leads_to_the_first_decision() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = both_reword(stage).await?;
        let click = |what: &str| format!("document.querySelector('{what}').click(); return null;");
        coachee.page.eval::<()>(&click("header .brand"), Vec::new()).await?;
        let link = "document.querySelector('.unsent a')?.textContent === 'One change needs your decision.'";
        coachee.sees(&format!("location.pathname === '/' && {link}")).await?;
        coachee.page.eval::<()>(&click(".unsent a"), Vec::new()).await?;
        coachee
            .sees(
                "(() => { const box = byTestId('conflict')?.getBoundingClientRect();
                    return box?.top >= 0 && box.top < innerHeight; })()",
            )
            .await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn conflict_can_end_with_the_other_version() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = both_reword(stage).await?;
        coachee.look_at_every_size("conflict").await?;
        coachee.click("Keep theirs").await?;
        coachee.sees(NO_CONFLICT).await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Theirs: write to Otto")).await?;
        }
        coachee.sees(&counts(0)).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn conflict_can_end_with_the_own_version() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = both_reword(stage).await?;
        coachee.click("Use mine").await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Mine: call Ada")).await?;
            person.sees(NO_CONFLICT).await?;
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn conflict_outlives_a_reload_and_can_be_edited() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = both_reword(stage).await?;
        coachee.page.driver.refresh().await?;
        coachee
            .sees(&shows_conflict("actions", "Theirs: write to Otto", "Mine: call Ada"))
            .await?;
        coachee.sees(&counts(1)).await?;
        // Within the conflict: the row has a button of that name as well.
        let edit =
            "return [...byTestId('conflict').querySelectorAll('button')].find((each) => each.innerText === 'Edit');";
        coachee.page.element(edit, Vec::new()).await?.click().await?;
        let field = coachee
            .page
            .element("return selected(find('textbox', 'Edit action'));", Vec::new())
            .await?;
        field.send_keys(" and write to Otto").await?;
        coachee.click("Save").await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("and write to Otto")).await?;
            person.sees(NO_CONFLICT).await?;
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn conflict_is_seen_in_every_tab() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = both_reword(stage).await?;
        let first = coachee.page.driver.window().await?;
        let address = coachee.address().await?;
        let second = coachee.page.driver.new_tab().await?;
        coachee.page.driver.switch_to_window(second).await?;
        coachee.open(&address).await?;
        coachee
            .sees(&shows_conflict("actions", "Theirs: write to Otto", "Mine: call Ada"))
            .await?;
        coachee.click("Keep theirs").await?;
        coachee.page.driver.switch_to_window(first).await?;
        coachee.sees(NO_CONFLICT).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn row_deleted_there_can_be_added_again() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = reworded_while_offline(stage).await?;
        coachee
            .begin_edit(Kind::Action, "Call Anna", "Call Anna on Friday")
            .await?;
        coachee.click("Save").await?;
        coach.delete(Kind::Action, "Call Anna").await?;
        coach.sees(&Kind::Action.hides("Call Anna")).await?;
        // On the server as well.
        coach.sees(&counts(0)).await?;
        coachee.set_offline(false).await?;
        coachee
            .sees("byTestId('conflict')?.innerText.includes('Call Anna on Friday')")
            .await?;
        coachee.click("Add again").await?;
        coachee.sees("document.activeElement.id === 'new-action'").await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Call Anna on Friday")).await?;
        }
        coachee.sees(NO_CONFLICT).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn row_that_is_back_shows_the_unmade_change() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Call Anna").await?;
        coachee.sees(&Kind::Action.shows("Call Anna")).await?;
        coachee.set_offline(true).await?;
        coachee.edit(Kind::Action, "Call Anna", "Call Anna at nine").await?;
        coach.delete(Kind::Action, "Call Anna").await?;
        coach.sees(&Kind::Action.hides("Call Anna")).await?;
        // On the server as well.
        coach.sees(&counts(0)).await?;
        coachee.set_offline(false).await?;
        coachee.sees("!!find('button', 'Add again')").await?;
        coach.click("Undo").await?;
        coachee
            .sees("byTestId('conflict')?.innerText.includes('Call Anna at nine')")
            .await?;
        coachee.click("Use mine").await?;
        coachee
            .sees("document.activeElement.textContent === 'Call Anna at nine'")
            .await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Call Anna at nine")).await?;
        }
        coachee.sees("!byTestId('conflict')").await?;
        coachee.sees(&counts(0)).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn deleted_row_keeps_typed_text() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Agreement, "We start on time").await?;
        coachee.sees(&Kind::Agreement.shows("We start on time")).await?;
        coachee
            .begin_edit(Kind::Agreement, "We start on time", "We start at nine")
            .await?;
        coach.delete(Kind::Agreement, "We start on time").await?;
        // What is typed goes on in the card.
        coachee
            .sees("document.activeElement === find('textbox', 'Your text', byTestId('conflict'))")
            .await?;
        coachee.type_on(" sharp").await?;
        coachee
            .sees("find('textbox', 'Your text').value === 'We start at nine sharp'")
            .await?;
        coachee.click("Add again").await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Agreement.shows("We start at nine sharp")).await?;
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn offline_deletion_asks_again() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = reworded_while_offline(stage).await?;
        coachee.delete(Kind::Action, "Call Anna").await?;
        coach.begin_edit(Kind::Action, "Call Anna", "Call Anna today").await?;
        coach.click("Save").await?;
        coach.sees(&Kind::Action.shows("Call Anna today")).await?;
        coachee.set_offline(false).await?;
        coachee
            .sees("!!rowWith('actions', 'Call Anna today') && byTestId('conflict')?.innerText.includes('You deleted')")
            .await?;
        coachee.click("Keep theirs").await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Call Anna today")).await?;
            person.sees(NO_CONFLICT).await?;
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn deletion_can_be_insisted_on() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = reworded_while_offline(stage).await?;
        coachee.delete(Kind::Action, "Call Anna").await?;
        coach.edit(Kind::Action, "Call Anna", "Call Anna today").await?;
        coach.sees(&counts(0)).await?;
        coachee.set_offline(false).await?;
        coachee.sees("!!byTestId('conflict')").await?;
        let delete = "find('button', 'Delete', byTestId('conflict')).click(); return null;";
        coachee.page.eval::<()>(delete, Vec::new()).await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.hides("Call Anna today")).await?;
            person.sees(NO_CONFLICT).await?;
        }
        coachee.sees("document.activeElement.id === 'new-action'").await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn untouched_editor_writes_nothing() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Call Anna").await?;
        let id = coachee.row(Kind::Action, "Call Anna").await?.id;
        coachee.click_in_row(Kind::Action, &id, "Edit").await?;
        coach.begin_edit(Kind::Action, "Call Anna", "Call Otto").await?;
        coach.click("Save").await?;
        coachee
            .sees("document.body.innerText.includes('Changed meanwhile to')")
            .await?;
        // However long the note was in sight.
        coachee.sees(&has_seen("Call Otto")).await?;
        coachee.take_requests().await?;
        coachee.click("Save").await?;
        coachee.sees("!find('textbox', 'Edit action')").await?;
        coachee.sees(&Kind::Action.shows("Call Otto")).await?;
        let requests = coachee.take_requests().await?;
        ensure!(
            requests.iter().all(|request| request.method == "GET"),
            "an untouched text was written: {requests:#?}"
        );
        coach.sees(&Kind::Action.shows("Call Otto")).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

/// A condition: the person who edits an action counts as having seen this text.
fn has_seen(text: &str) -> String {
    format!(
        "Object.entries(localStorage).some(([name, record]) =>
           name.includes('edit/actions') && JSON.parse(record).seen === {})",
        quoted(text)
    )
}

#[tokio::test]
async fn hidden_page_counts_as_unseen() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Call Anna").await?;
        coachee.sees(&Kind::Action.shows("Call Anna")).await?;
        coachee
            .begin_edit(Kind::Action, "Call Anna", "Call Anna on Monday")
            .await?;
        // The driver shows each tab that it asks.
        let show = async |visibility: &str| {
            let script =
                "Object.defineProperty(document, 'visibilityState', {value: arguments[0], configurable: true});
                document.dispatchEvent(new Event('visibilitychange')); return null;";
            coachee.page.eval::<()>(script, vec![json!(visibility)]).await
        };
        show("hidden").await?;
        coach.edit(Kind::Action, "Call Anna", "Call Otto").await?;
        let (noted, _) = coachee
            .page
            .until::<bool>("document.body.innerText.includes('Changed meanwhile to')")
            .await?;
        coachee.sees(&format!("Date.now() > {noted} + 2000")).await?;
        coachee.sees(&has_seen("Call Anna")).await?;
        show("visible").await?;
        coachee.sees(&has_seen("Call Otto")).await?;
        // The note is still there, also after a reload.
        coachee.page.driver.refresh().await?;
        coachee
            .sees("document.body.innerText.includes('Changed meanwhile to')")
            .await?;
        coachee.click("Save").await?;
        coach.sees(&Kind::Action.shows("Call Anna on Monday")).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn update_is_one_request_or_two() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Call Anna").await?;
        coachee.sees(&Kind::Action.shows("Call Anna")).await?;
        let writes = async |person: &Person| -> anyhow::Result<usize> {
            let requests = person.take_requests().await?;
            Ok(requests.iter().filter(|request| request.method == "PATCH").count())
        };
        coachee.take_requests().await?;
        coachee.complete(Kind::Action, "Call Anna").await?;
        coach.sees(&Kind::Action.shows_done("Call Anna")).await?;
        ensure!(writes(&coachee).await? == 1, "nothing has interfered");

        // Each request takes long: the coach's words are stored before the coachee's arrive.
        coachee.slow_down(Duration::from_secs(2)).await?;
        coachee.complete(Kind::Action, "Call Anna").await?;
        coach.begin_edit(Kind::Action, "Call Anna", "Call Otto").await?;
        coach.click("Save").await?;
        coachee
            .sees("rowWith('actions', 'Call Otto')?.done === false && !rowElements('actions').some((row) => row.dataset.unsaved)")
            .await?;
        let count = writes(&coachee).await?;
        ensure!((1..=2).contains(&count), "{count} requests for one update");
        coachee.slow_down(Duration::ZERO).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn waiting_changes_fold_and_toggling_twice_sends_nothing() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = reworded_while_offline(stage).await?;
        coachee.complete(Kind::Action, "Call Anna").await?;
        coachee.sees(&counts(1)).await?;
        coachee.complete(Kind::Action, "Call Anna").await?;
        coachee.sees(&counts(0)).await?;

        // A row that was added without a network can be corrected and deleted before it is sent.
        coachee.add(Kind::Action, "Buy millk").await?;
        coachee.begin_edit(Kind::Action, "Buy millk", "Buy milk").await?;
        coachee.click("Save").await?;
        coachee.sees(&counts(1)).await?;
        coachee.add(Kind::Action, "A mistake").await?;
        coachee.sees(&counts(2)).await?;
        coachee.delete(Kind::Action, "A mistake").await?;
        coachee.sees(&counts(1)).await?;
        coachee.take_requests().await?;
        coachee.set_offline(false).await?;
        coach.sees(&Kind::Action.shows("Buy milk")).await?;
        coachee.sees(&counts(0)).await?;
        let requests = coachee.take_requests().await?;
        let writes: Vec<_> = requests
            .iter()
            .filter(|request| request.is_api() && request.method != "GET")
            .collect();
        ensure!(writes.len() == 1 && writes[0].method == "POST", "{writes:#?}");
        ensure!(
            coach
                .rows(Kind::Action)
                .await?
                .iter()
                .all(|row| !row.text.contains("mistake"))
        );
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn undo_takes_back_what_each_person_did() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Call Anna").await?;
        coachee.sees(&Kind::Action.shows("Call Anna")).await?;
        coachee.complete(Kind::Action, "Call Anna").await?;
        coach.sees(&Kind::Action.shows_done("Call Anna")).await?;
        coachee.click("Undo").await?;
        coach.sees("rowWith('actions', 'Call Anna')?.done === false").await?;

        coach.delete(Kind::Action, "Call Anna").await?;
        coachee.sees(&Kind::Action.hides("Call Anna")).await?;
        coach.click("Undo").await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Call Anna")).await?;
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn server_outage_takes_no_change_back() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Action, "Call Anna").await?;
        coachee.sees(&Kind::Action.shows("Call Anna")).await?;
        stage.server.stop().await?;
        coachee.add(Kind::Agreement, "Written while the server is away").await?;
        coachee.complete(Kind::Action, "Call Anna").await?;
        coachee.take_requests().await?;
        // More attempts than a change of a reachable server has, but no more than one in some seconds.
        let (mut attempts, began) = (0, Instant::now());
        while attempts < 7 {
            let requests = coachee
                .until_request(|request| request.is_api() && request.kind == "Fetch")
                .await?;
            attempts += requests.iter().filter(|request| request.is_api()).count();
            coachee
                .sees(&Kind::Agreement.shows("Written while the server is away"))
                .await?;
            coachee.sees(&Kind::Action.shows_done("Call Anna")).await?;
        }
        ensure!(
            began.elapsed() > Duration::from_secs(10),
            "{attempts} attempts in {:?}",
            began.elapsed()
        );
        coachee.sees(&counts(2)).await?;
        stage.server.start_again().await?;
        coachee.sees(&counts(0)).await?;
        coach
            .sees(&Kind::Agreement.shows("Written while the server is away"))
            .await?;
        coach.sees(&Kind::Action.shows_done("Call Anna")).await?;
        no_defects(&[]).await
    })
    .await
}
