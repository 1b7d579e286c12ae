//! Every page, on a desk and in a hand: it is there, it fits, and nothing goes wrong behind it.

use e2e::items::Kind;
use e2e::scenario::{COACH, no_defects, scenario};

#[tokio::test]
async fn every_page_fits_every_screen() -> anyhow::Result<()> {
    scenario(async |stage| {
        let person = stage.person(COACH).await?;
        person.open("/").await?;
        person.page.until::<bool>("!!find('textbox', 'Email')").await?;
        person.look_at_every_size("sign-in").await?;

        person.sign_in().await?;
        person.page.until::<bool>("!!sessionLink()").await?;
        person.until_connected().await?;
        person.look_at_every_size("dashboard").await?;

        let link = person.page.element("return sessionLink();", vec![]);
        link.await?.click().await?;
        for kind in Kind::ALL {
            person
                .page
                .until::<bool>(&format!("!!byTestId('{}')", kind.list()))
                .await?;
        }
        // A word without an end is no reason to scroll sideways.
        person
            .add(Kind::Action, &"Antidisestablishmentarianism".repeat(4))
            .await?;
        person.sees(&Kind::Action.shows("Antidis")).await?;
        person.look_at_every_size("coaching-session").await?;

        person.open("/no-such-page").await?;
        person.page.until::<bool>("!!document.querySelector('main')").await?;
        person.look_at_every_size("not-found").await?;
        no_defects(&[&person]).await
    })
    .await
}
