//! Pages whose text nodes are replaced by others, as browsers do that translate a page: what is shown stays true.

use anyhow::ensure;
use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{COACH, COACHEE, no_defects, scenario};
use reqwest::Method;
use serde_json::json;

/// Wraps each text in two elements and puts a new node into them, now and whenever text comes: as translators do, but
/// into the same language.
const TRANSLATE: &str = "
    const isTranslated = (node) => node.parentElement?.closest('font, script, style, textarea, title') !== null;
    const translate = (root) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) found.push(walker.currentNode);
      for (const node of found) {
        if (!node.data.trim() || isTranslated(node)) continue;
        const [outer, inner] = [document.createElement('font'), document.createElement('font')];
        inner.append(createTextNode(node.data));
        outer.append(inner);
        node.replaceWith(outer);
      }
    };
    translate(document.body);
    new MutationObserver(() => translate(document.body))
      .observe(document.body, { childList: true, characterData: true, subtree: true });
    return null;";

/// A condition: everything on the page is translated.
const IS_TRANSLATED: &str = "(() => {
    const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (data.trim() && !parentElement.closest('font, textarea')) return false;
    }
    return !!document.querySelector('main font'); })()";

/// Records every text node that the app makes: one of these in the hands of a translator is lost to the app.
const RECORD_TEXT_NODES: &str = "
    const original = document.createTextNode.bind(document);
    window.textNodes = [];
    window.createTextNode = original;
    document.createTextNode = (text) => { textNodes.push(text); return original(text); };";

async fn record_text_nodes(person: &Person) -> anyhow::Result<()> {
    let script = json!({"source": RECORD_TEXT_NODES});
    person
        .page
        .command("Page.addScriptToEvaluateOnNewDocument", script)
        .await?;
    Ok(())
}

/// Checks that all texts are set by the elements that show them.
async fn made_no_text_nodes(person: &Person) -> anyhow::Result<()> {
    let made: Vec<String> = person.page.eval("return textNodes;", Vec::new()).await?;
    ensure!(made.is_empty(), "text nodes were made for {made:?}");
    Ok(())
}

async fn translate(person: &Person) -> anyhow::Result<()> {
    person.page.eval::<()>(TRANSLATE, Vec::new()).await?;
    person.sees(IS_TRANSLATED).await
}

/// Checks that the page says what it says when it is loaded anew, without a translator.
async fn says_what_is_stored(person: &Person, ready: &str) -> anyhow::Result<()> {
    let text = "document.querySelector('main').innerText.replaceAll(/\\s+/g, ' ').trim()";
    let translated: String = person.page.eval(&format!("return {text};"), Vec::new()).await?;
    person.page.driver.refresh().await?;
    person.sees(ready).await?;
    person.until_connected().await?;
    person.sees(&format!("{text} === {}", quoted(&translated))).await
}

#[tokio::test]
async fn translated_session_shows_every_change() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.two_people_in_one_session().await?;
        record_text_nodes(&coachee).await?;
        coachee.page.driver.refresh().await?;
        for kind in Kind::ALL {
            coachee.sees(&format!("rows('{}').length > 0", kind.list())).await?;
        }
        coachee.until_connected().await?;
        translate(&coachee).await?;

        for kind in Kind::ALL {
            let (first, second) = (format!("First {}", kind.word()), format!("Second {}", kind.word()));
            coach.add(kind, &first).await?;
            coachee.sees(&kind.shows(&first)).await?;
            coach.edit(kind, &first, &second).await?;
            coachee.sees(&kind.shows(&second)).await?;
            coachee.sees(&kind.hides(&first)).await?;
            coachee.edit(kind, &second, &first).await?;
            coachee.sees(&kind.shows(&first)).await?;
            coach.sees(&kind.shows(&first)).await?;
            coach.delete(kind, &first).await?;
            coachee.sees(&kind.hides(&first)).await?;
            coachee.add(kind, &second).await?;
            coachee.sees(&kind.shows(&second)).await?;
            coach.sees(&kind.shows(&second)).await?;
        }
        coach.complete(Kind::Action, "Second action").await?;
        coachee.sees(&Kind::Action.shows_done("Second action")).await?;
        coach.choose(Kind::Goal, "Second goal", "Completed").await?;
        coachee
            .sees(&Kind::Goal.shows_choice("Second goal", "Completed"))
            .await?;
        let api = stage.api(COACH).await?;
        let title = json!({"title": "Renamed meanwhile"});
        let renamed = api
            .send(Method::PATCH, &format!("/coaching_sessions/{}", session.id), &title)
            .await?;
        ensure!(renamed.status().is_success(), "{}", renamed.text().await?);
        coachee
            .sees("document.querySelector('h1').textContent === 'Renamed meanwhile'")
            .await?;

        // An editor that is opened and closed leaves nothing behind.
        let id = coachee.row(Kind::Agreement, "Second agreement").await?.id;
        let click = "const row = rowElement('agreements', arguments[0]);
             find('button', arguments[1], row).click(); return null;";
        coachee.page.eval::<()>(click, vec![json!(id), json!("Edit")]).await?;
        coachee.sees("!!find('button', 'Cancel')").await?;
        coachee.page.eval::<()>(click, vec![json!(id), json!("Cancel")]).await?;
        coachee.sees("!find('button', 'Cancel')").await?;
        made_no_text_nodes(&coachee).await?;
        says_what_is_stored(&coachee, &Kind::Goal.shows("Second goal")).await?;
        no_defects(&[&coach, &coachee]).await
    })
    .await
}

#[tokio::test]
async fn translated_dashboard_shows_every_change() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, api) = (stage.person(COACH).await?, stage.api(COACH).await?);
        record_text_nodes(&coach).await?;
        coach.open("/").await?;
        coach.sign_in().await?;
        let (_, path): (_, String) = coach.page.until("sessionLink()?.getAttribute('href')").await?;
        coach.until_connected().await?;
        let session = api
            .session(path.rsplit('/').next().unwrap_or_default().parse()?)
            .await?;
        translate(&coach).await?;

        api.create(Kind::Action, &session, "Written elsewhere").await?;
        api.create(Kind::Goal, &session, "Reached elsewhere").await?;
        let shows = |text: &str| format!("document.querySelector('main').innerText.includes({})", quoted(text));
        coach.sees(&shows("Written elsewhere")).await?;
        coach.sees(&shows("Reached elsewhere")).await?;
        for (kind, old, new, field) in [
            (Kind::Action, "Written elsewhere", "Reworded", "body"),
            (Kind::Goal, "Reached elsewhere", "Renamed", "title"),
        ] {
            let stored = api.stored(kind, &session).await?;
            let id = stored
                .into_iter()
                .find(|it| it.text == old)
                .map(|it| it.id)
                .unwrap_or_default();
            let path = format!("/{}/{id}", kind.list());
            let change = json!({field: new});
            let changed = api.send(Method::PATCH, &path, &change).await?;
            ensure!(changed.status().is_success(), "{}", changed.text().await?);
            coach.sees(&format!("{} && !{}", shows(new), shows(old))).await?;
            let deleted = api.send(Method::DELETE, &path, &json!(null)).await?;
            ensure!(deleted.status().is_success(), "{}", deleted.text().await?);
            coach.sees(&format!("!{}", shows(new))).await?;
        }

        // To a session and back.
        coach
            .page
            .eval::<()>("sessionLink().click(); return null;", Vec::new())
            .await?;
        coach.sees("!!byTestId('goals')").await?;
        coach.sees(IS_TRANSLATED).await?;
        coach.page.driver.back().await?;
        coach.sees("location.pathname === '/' && !!sessionLink()").await?;
        coach.sees(IS_TRANSLATED).await?;
        made_no_text_nodes(&coach).await?;
        says_what_is_stored(&coach, "!!sessionLink()").await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn translated_sign_in_page_works() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coachee = stage.person(COACHEE).await?;
        record_text_nodes(&coachee).await?;
        coachee.open("/login").await?;
        coachee.sees("!!find('textbox', 'Email')").await?;
        translate(&coachee).await?;
        coachee.fill("Email", COACHEE).await?;
        coachee.fill("Password", "not this one").await?;
        coachee.click("Sign in").await?;
        coachee.sees("!!document.querySelector('.error')?.textContent").await?;
        coachee.sign_in().await?;
        coachee.sees("!!sessionLink()").await?;
        coachee.click("Sign out").await?;
        coachee.sees("location.pathname === '/login'").await?;
        coachee
            .sees("document.body.innerText.includes('You are signed out.')")
            .await?;
        ensure!(
            !coachee.page.text().await?.contains("Hello,"),
            "something is left of the dashboard"
        );
        made_no_text_nodes(&coachee).await?;
        no_defects(&[&coachee]).await
    })
    .await
}
