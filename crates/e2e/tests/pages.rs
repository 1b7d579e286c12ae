//! Every page, on a desk and in a hand: it is there, it fits, and nothing goes wrong behind it.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::person::Person;
use e2e::scenario::{COACH, no_defects, scenario};
use serde_json::json;

/// What is well-formed and the id of no session.
const NO_SESSION: &str = "00000000-0000-4000-8000-000000000007";

/// Functions of scripts: the contrast of two colours, and the colour behind an element (WCAG 2.2).
const CONTRAST: &str = "
    const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
    const light = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const luminance = (colour) => {
        const [red, green, blue] = parts(colour).map((value) => light(value / 255));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, other) => {
        const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const behind = (element) => {
        const own = getComputedStyle(element).backgroundColor;
        return parts(own)[3] === 0 ? behind(element.parentElement) : own;
    };";

/// Returns the least contrast of these elements that the page has by day and by night, after checking that it has some.
async fn least_contrast(person: &Person, elements: &str, of_element: &str) -> anyhow::Result<f64> {
    let mut least = f64::INFINITY;
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        person.page.command("Emulation.setEmulatedMedia", features).await?;
        let script = format!(
            "{CONTRAST} return [...document.querySelectorAll({})].filter(isVisible).map((element) => {of_element});",
            json!(elements)
        );
        let all: Vec<f64> = person.page.eval(&script, Vec::new()).await?;
        ensure!(!all.is_empty(), "there is no {elements}");
        least = all.into_iter().fold(least, f64::min);
    }
    Ok(least)
}

#[tokio::test]
async fn fields_and_marks_stand_out() -> anyhow::Result<()> {
    scenario(async |stage| {
        let person = stage.person(COACH).await?;
        let border = "Math.min(contrast(getComputedStyle(element).borderTopColor, behind(element)),
            contrast(getComputedStyle(element).borderTopColor, behind(element.parentElement)))";
        let fields = "input:not([type=checkbox]), textarea, select";
        person.open("/").await?;
        person.sees("!!find('textbox', 'Password')").await?;
        // The field that has the focus has a ring.
        let idle = format!(":is({fields}):not(:focus)");
        let least = least_contrast(&person, &idle, border).await?;
        ensure!(least >= 3.0, "a field of the sign-in page has a contrast of {least}");

        person.sign_in().await?;
        person.sees("!!sessionLink()").await?;
        let link = person.page.element("return sessionLink();", vec![]);
        link.await?.click().await?;
        person.until_session_shown().await?;
        person.set_offline(true).await?;
        person.add(Kind::Action, "Waits").await?;
        person.sees("!!document.querySelector('.chip.waiting')").await?;
        for elements in [&*idle, ".tick:not(:checked)"] {
            let least = least_contrast(&person, elements, border).await?;
            ensure!(least >= 3.0, "{elements} of the session has a contrast of {least}");
        }
        let text = "contrast(getComputedStyle(element).color, behind(element))";
        let least = least_contrast(&person, ".chip.waiting", text).await?;
        ensure!(least >= 4.5, "the mark of what waits has a contrast of {least}");
        no_defects(&[&person]).await
    })
    .await
}

#[tokio::test]
async fn connection_line_covers_no_end_of_page() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (person, _, _) = stage.one_reader().await?;
        person.set_offline(true).await?;
        person.sees("!byTestId('connection-indicator').hidden").await?;
        for (width, height) in [(1280, 800), (390, 844)] {
            let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
            person.page.command("Emulation.setDeviceMetricsOverride", size).await?;
            person
                .page
                .eval::<()>("scrollTo(0, 100000); return null;", Vec::new())
                .await?;
            person
                .sees(
                    "(() => { const line = byTestId('connection-indicator').getBoundingClientRect();
                        return line.height > 10 && line.height < 44 && line.bottom <= innerHeight
                            && [...document.querySelectorAll('main :is(a, button, input, textarea, select, .card)')]
                                .every((element) => element.getBoundingClientRect().bottom <= line.top); })()",
                )
                .await?;
        }
        no_defects(&[&person]).await
    })
    .await
}

#[tokio::test]
async fn unknown_session_is_asked_for_alone() -> anyhow::Result<()> {
    scenario(async |stage| {
        let person = stage.person(COACH).await?;
        person.open("/").await?;
        person.sign_in().await?;
        person.until_connected().await?;
        person.take_requests().await?;
        person.open(&format!("/coaching-sessions/{NO_SESSION}")).await?;
        person
            .sees("document.title === 'Not found · Freshet' && document.querySelector('h1')?.innerText === 'This session is not here'")
            .await?;
        person.until_connected().await?;
        let requests = person.take_requests().await?;
        let asked: Vec<_> = requests.iter().filter(|it| it.is_api() && it.target.contains(NO_SESSION)).collect();
        let session = format!("/coaching_sessions/{NO_SESSION}");
        ensure!(asked.iter().all(|it| it.reads(&session)), "it asks {asked:#?}");
        no_defects(&[&person]).await
    })
    .await
}

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
