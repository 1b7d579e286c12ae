//! The fields of a row beside its text, and its history.

use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{Stage, no_defects, scenario};
use serde_json::json;

/// Chooses an option in the form of a row.
async fn choose_in_form(person: &Person, label: &str, option: &str) -> anyhow::Result<()> {
    let script = "const label = [...document.querySelectorAll('.fields label, .fields .label')]
            .find((each) => each.innerText.toLowerCase() === arguments[0].toLowerCase());
        const select = label?.parentElement.querySelector('select');
        return [...(select?.options ?? [])].find((each) => each.text === arguments[1]);";
    let option = person.page.element(script, vec![json!(label), json!(option)]).await?;
    Ok(option.click().await?)
}

/// Coach and coachee, and on the coach's screen the open form of a new action, "Call Anna".
async fn details_of_call_anna(stage: &Stage) -> anyhow::Result<(Person, Person)> {
    let (coach, coachee, _) = stage.two_people_in_one_session().await?;
    coach.add(Kind::Action, "Call Anna").await?;
    // Once the server has given the row its id.
    coachee.sees(&Kind::Action.shows("Call Anna")).await?;
    coach
        .sees("!rowElements('actions').some((row) => row.dataset.unsaved)")
        .await?;
    let id = coach.row(Kind::Action, "Call Anna").await?.id;
    coach.click_in_row(Kind::Action, &id, "Details").await?;
    Ok((coach, coachee))
}

/// A condition: the row with this text says this as well.
fn row_says(list: &str, text: &str, more: &str) -> String {
    format!(
        "!!rowWith({}, {})?.text.includes({})",
        quoted(list),
        quoted(text),
        quoted(more)
    )
}

#[tokio::test]
async fn fields_of_an_action_reach_the_other_person() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = details_of_call_anna(stage).await?;
        coach.look_at_every_size("details").await?;
        choose_in_form(&coach, "Status", "On hold").await?;
        coachee.sees(&row_says("actions", "Call Anna", "On hold")).await?;
        choose_in_form(&coach, "Goal", "Give feedback within a day").await?;
        coachee
            .sees(&row_says("actions", "Call Anna", "Give feedback within a day"))
            .await?;
        let assign = "return [...document.querySelectorAll('.fields input[type=checkbox]')]
            .find((box) => box.parentElement.innerText.includes('Coachee'));";
        coach.page.element(assign, Vec::new()).await?.click().await?;
        coachee.sees(&row_says("actions", "Call Anna", "For you")).await?;
        // As the calendar of the browser does it.
        let day = "const field = document.querySelector('.fields input[type=date]');
            field.value = '2031-05-06';
            field.dispatchEvent(new Event('input', { bubbles: true }));
            field.dispatchEvent(new Event('change', { bubbles: true })); return null;";
        coach.page.eval::<()>(day, Vec::new()).await?;
        coachee.sees(&row_says("actions", "Call Anna", "6 May 2031")).await?;
        coach.click("No date").await?;
        coachee
            .sees(&format!("!({})", row_says("actions", "Call Anna", "6 May 2031")))
            .await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

/// Moves the focus to an element by its place in the page.
async fn focus(person: &Person, selector: &str) -> anyhow::Result<()> {
    let focus = "document.querySelector(arguments[0]).focus(); return null;";
    person.page.eval::<()>(focus, vec![json!(selector)]).await
}

/// A condition: an element has the focus.
fn has_focus(selector: &str) -> String {
    format!("document.activeElement?.matches({})", quoted(selector))
}

#[tokio::test]
async fn fields_can_be_changed_with_the_keyboard() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = details_of_call_anna(stage).await?;
        let says = |more: &str| row_says("actions", "Call Anna", more);

        // Each step of the choice is taken over, and the next one starts where the last one ended.
        let select = ".fields select[aria-label=Status]";
        focus(&coach, select).await?;
        for status in ["In progress", "Completed", "On hold"] {
            coach.press("ArrowDown").await?;
            coach
                .sees(&format!(
                    "{} && document.activeElement.value === {}",
                    has_focus(select),
                    quoted(status)
                ))
                .await?;
        }
        coachee.sees(&says("On hold")).await?;

        // A day that is typed is taken over when it is complete, and not before.
        let field = ".fields input[type=date]";
        focus(&coach, field).await?;
        for digit in "03152027".chars() {
            coach.press(&digit.to_string()).await?;
            coach.sees(&has_focus(field)).await?;
        }
        coachee.sees(&says("Due Mon 15 Mar 2027")).await?;
        coach
            .sees(&format!(
                "{} && document.activeElement.value === '2027-03-15'",
                has_focus(field)
            ))
            .await?;
        // One that is changed in part stays until it is complete again.
        focus(&coach, select).await?;
        focus(&coach, field).await?;
        coach.press("0").await?;
        coach.sees("document.activeElement.validity.badInput").await?;
        coach.press("4").await?;
        coachee.sees(&says("Due Thu 15 Apr 2027")).await?;
        coach.press("ArrowUp").await?;
        coachee.sees(&says("Due Fri 16 Apr 2027")).await?;
        coach.sees(&has_focus(field)).await?;
        // What is left incomplete is not kept.
        coach.press("Delete").await?;
        coach.sees("document.activeElement.validity.badInput").await?;
        focus(&coach, select).await?;
        coach
            .sees(&format!(
                "document.querySelector({}).value === '2027-04-16'",
                quoted(field)
            ))
            .await?;
        coachee.sees(&says("Due Fri 16 Apr 2027")).await?;

        // Without the day, the focus is where one can be typed.
        focus(&coach, field).await?;
        // Month, day, year, the calendar, and then the button.
        for _ in 0..4 {
            coach.press("Tab").await?;
        }
        coach.sees("document.activeElement.textContent === 'No date'").await?;
        coach.press("Enter").await?;
        coach.sees(&has_focus(field)).await?;
        coachee.sees(&format!("!({})", says("Due"))).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn earlier_text_is_brought_back_from_the_history() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        coach.add(Kind::Agreement, "We start on time").await?;
        coachee.sees(&Kind::Agreement.shows("We start on time")).await?;
        coachee
            .begin_edit(Kind::Agreement, "We start on time", "We start at nine")
            .await?;
        coachee.click("Save").await?;
        coach.sees(&Kind::Agreement.shows("We start at nine")).await?;
        let id = coach.row(Kind::Agreement, "We start at nine").await?.id;
        coach.click_in_row(Kind::Agreement, &id, "History").await?;
        coach
            .sees("document.querySelector('.history')?.innerText.includes('Cee Coachee changed')")
            .await?;
        coach.look_at_every_size("history").await?;
        coach.click("Bring this text back").await?;
        coachee.sees(&Kind::Agreement.shows("We start on time")).await?;
        // Live: the newest write is on top without a reload.
        coach
            .sees("document.querySelector('.history li')?.innerText.includes('You changed')")
            .await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn history_of_an_action_names_its_goal() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee) = details_of_call_anna(stage).await?;
        let goal = "Give feedback within a day";
        choose_in_form(&coach, "Goal", goal).await?;
        coachee.sees(&row_says("actions", "Call Anna", goal)).await?;
        let id = coachee.row(Kind::Action, "Call Anna").await?.id;
        coachee.click_in_row(Kind::Action, &id, "History").await?;
        let change = "[...document.querySelectorAll('.history .change')].find((it) => it.innerText.startsWith('goal'))";
        coachee
            .sees(&format!(
                "{change}?.querySelector('del').textContent === 'no goal'
                 && {change}.querySelector('ins').textContent === {}",
                quoted(goal)
            ))
            .await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn description_of_a_goal_is_saved_and_kept() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        let goal = "Speak at the spring conference";
        let id = coach.row(Kind::Goal, goal).await?.id;
        coach.click_in_row(Kind::Goal, &id, "Details").await?;
        coach.fill("Description", "Twenty minutes, no slides").await?;
        coach.page.driver.refresh().await?;
        coach.sees(&Kind::Goal.shows(goal)).await?;
        coach
            .sees("find('textbox', 'Description')?.value === 'Twenty minutes, no slides'")
            .await?;
        coach.click("Save description").await?;
        coachee
            .sees(&row_says("goals", goal, "Twenty minutes, no slides"))
            .await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}
