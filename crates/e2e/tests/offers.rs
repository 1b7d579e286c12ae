//! Offers to undo: where they stand, and the keys that accept them.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::scenario::{no_defects, scenario};
use serde_json::json;

/// The messages in sight.
const SHOWN: &str = "[...byTestId('toasts').children].filter(isVisible).map((toast) => toast.getBoundingClientRect())";

#[tokio::test]
async fn messages_cover_nothing_of_the_page() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.two_people_in_one_session().await?;
        coach.complete(Kind::Action, "Agree with Sam").await?;
        coach.complete(Kind::Action, "Tell Robin").await?;
        coach.complete(Kind::Action, "Share the feedback").await?;
        coach
            .page
            .eval::<()>("scrollTo(0, 200); return null;", Vec::new())
            .await?;
        let in_header = format!(
            "{SHOWN}.length === 2 && {SHOWN}.every((toast) => toast.bottom
                <= document.querySelector('header.top').getBoundingClientRect().bottom)"
        );
        coach.sees(&in_header).await?;
        coach.look_at_every_size("offers").await?;

        let narrow = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        coach.page.command("Emulation.setDeviceMetricsOverride", narrow).await?;
        coach
            .page
            .eval::<()>("scrollTo(0, 100000); return null;", Vec::new())
            .await?;
        let below_all = format!(
            "{SHOWN}.length === 1 && {SHOWN}[0].top
                >= [...document.querySelectorAll('.card')].at(-1).getBoundingClientRect().bottom"
        );
        coach.sees(&below_all).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn undo_keys_take_back_one_after_the_other() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, _) = stage.two_people_in_one_session().await?;
        let texts = ["Agree with Sam", "Tell Robin"];
        for text in texts {
            coach.complete(Kind::Action, text).await?;
            coachee.sees(&Kind::Action.shows_done(text)).await?;
        }
        let undo =
            |kind: &str| json!({"type": kind, "modifiers": 2, "key": "z", "code": "KeyZ", "windowsVirtualKeyCode": 90});
        let press = async || {
            for kind in ["rawKeyDown", "keyUp"] {
                coach.page.command("Input.dispatchKeyEvent", undo(kind)).await?;
            }
            anyhow::Ok(())
        };
        // The focus is in the form by then, in which nothing is typed.
        coach.delete(Kind::Action, "Share the feedback").await?;
        coachee.sees(&Kind::Action.hides("Share the feedback")).await?;
        coach.sees("document.activeElement.id === 'new-action'").await?;
        press().await?;
        for person in [&coach, &coachee] {
            person.sees(&Kind::Action.shows("Share the feedback")).await?;
        }
        for text in texts.into_iter().rev() {
            press().await?;
            for person in [&coach, &coachee] {
                person
                    .sees(&format!("rowWith('actions', '{text}')?.done === false"))
                    .await?;
            }
        }
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn offer_goes_when_its_change_is_refused() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.two_people_in_one_session().await?;
        // Two goals of the demo are in progress, and three may be.
        for title in ["The third", "The fourth"] {
            coach.add(Kind::Goal, title).await?;
            coach.sees(&Kind::Goal.shows(title)).await?;
            coach.choose(Kind::Goal, title, "In progress").await?;
        }
        // It says which change that is.
        coach
            .sees(
                "((said) => said?.includes('Your change could not be saved') && said.includes('Your status')
                    && said.includes('In progress') && !find('button', 'Edit', byTestId('conflict')))
                    (byTestId('conflict')?.innerText)",
            )
            .await?;
        let said =
            "[...byTestId('toasts').children].filter((toast) => toast.innerText.includes('Status changed')).length";
        // That of the third stands on, as no time has passed.
        let count: usize = coach.page.eval(&format!("return {said};"), Vec::new()).await?;
        ensure!(count == 1, "{count} offers stand");
        no_defects(&[&coach]).await
    })
    .await
}
