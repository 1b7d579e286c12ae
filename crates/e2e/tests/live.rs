//! The live connection in real browsers: tabs that share it, networks and servers that go, pages that are put away.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use e2e::items::Kind;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::proxy::Proxy;
use e2e::scenario::{COACH, configured, no_defects, scenario};
use serde_json::json;
use thirtyfour::WindowHandle;
use wire::CoachingSession;

/// So many connections a browser opens to a server over HTTP/1.1, for all its tabs together.
const MOST_CONNECTIONS: usize = 6;

fn path(session: &CoachingSession) -> String {
    format!("/coaching-sessions/{}", session.id)
}

/// What this tab has heard of the network since it was loaded.
async fn streams_of_this_tab(person: &Person) -> anyhow::Result<usize> {
    let requests = person.take_requests().await?;
    Ok(requests.iter().filter(|request| request.kind == "EventSource").count())
}

async fn tell_network(person: &Person, offline: bool) -> anyhow::Result<()> {
    let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    person
        .page
        .command("Network.emulateNetworkConditions", conditions)
        .await?;
    Ok(())
}

#[tokio::test]
async fn eight_tabs_share_one_stream() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        let driver = &coach.page.driver;
        let mut tabs: Vec<WindowHandle> = driver.windows().await?;
        while tabs.len() <= MOST_CONNECTIONS + 1 {
            let tab = driver.new_tab().await?;
            driver.switch_to_window(tab.clone()).await?;
            coach.open(&path(&session)).await?;
            coach.until_connected().await?;
            tabs.push(tab);
        }
        ensure!(
            stage.server.open_streams().await? == 1,
            "eight tabs have more than one stream"
        );

        coachee.create(Kind::Agreement, &session, "For all eight").await?;
        for tab in &tabs {
            driver.switch_to_window(tab.clone()).await?;
            coach.sees(&Kind::Agreement.shows("For all eight")).await?;
        }
        // The tab that has the stream goes, and the next that gets it, and again.
        for goes in 1..4 {
            driver.switch_to_window(tabs.remove(0)).await?;
            driver.close_window().await?;
            let text = format!("Without {goes} of them");
            coachee.create(Kind::Agreement, &session, &text).await?;
            for tab in &tabs {
                driver.switch_to_window(tab.clone()).await?;
                coach.sees(&Kind::Agreement.shows(&text)).await?;
                let rows = format!(
                    "rows('agreements').filter((row) => row.text.includes({})).length",
                    quoted(&text)
                );
                let (_, count): (_, usize) = coach.page.until(&rows).await?;
                ensure!(count == 1, "{text:?} is there {count} times");
            }
            ensure!(stage.server.open_streams().await? == 1, "after {goes} tabs were closed");
        }
        // Signing out in one of them is signing out in all.
        driver.switch_to_window(tabs[0].clone()).await?;
        coach.click("Sign out").await?;
        for tab in &tabs {
            driver.switch_to_window(tab.clone()).await?;
            coach.until_at("/login").await?;
        }
        stage.server.until_open_streams(0).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn frozen_tab_hands_over_and_catches_up() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        let driver = &coach.page.driver;
        let first = driver.window().await?;
        let second = driver.new_tab().await?;
        driver.switch_to_window(second.clone()).await?;
        coach.open(&path(&session)).await?;
        coach.until_connected().await?;

        driver.switch_to_window(first.clone()).await?;
        coach
            .page
            .command("Page.setWebLifecycleState", json!({"state": "frozen"}))
            .await?;
        driver.switch_to_window(second.clone()).await?;
        coachee
            .create(Kind::Agreement, &session, "While one was frozen")
            .await?;
        coach.sees(&Kind::Agreement.shows("While one was frozen")).await?;
        ensure!(stage.server.open_streams().await? == 1);

        driver.switch_to_window(first).await?;
        coach
            .page
            .command("Page.setWebLifecycleState", json!({"state": "active"}))
            .await?;
        coach.sees(&Kind::Agreement.shows("While one was frozen")).await?;
        coach.until_connected().await?;
        ensure!(stage.server.open_streams().await? == 1);
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn restored_tab_misses_nothing() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        let mark = "window.wasHere = true; window.addEventListener('pageshow', (event) => { window.cameBack = event.persisted; }); return null;";
        coach.page.eval::<()>(mark, Vec::new()).await?;
        // Another document takes its place.
        coach.open("/healthz").await?;
        stage.server.until_open_streams(0).await?;
        coachee.create(Kind::Agreement, &session, "While it was away").await?;
        coach.page.driver.back().await?;
        coach.page.until::<bool>("window.wasHere === true && window.cameBack === true").await.context(
            "the browser did not keep the page, so that this proves nothing",
        )?;
        coach.sees(&Kind::Agreement.shows("While it was away")).await?;
        coach.until_connected().await?;
        ensure!(stage.server.open_streams().await? == 1);
        coachee.create(Kind::Agreement, &session, "And afterwards").await?;
        coach.sees(&Kind::Agreement.shows("And afterwards")).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn going_from_page_to_page_keeps_the_stream() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, session) = stage.one_reader().await?;
        streams_of_this_tab(&coach).await?;
        for _ in 0..10 {
            for link in ["/", &path(&session)] {
                let click = format!(
                    "document.querySelector('a[href={}]').click(); return null;",
                    quoted(link)
                );
                coach
                    .page
                    .until::<bool>(&format!("!!document.querySelector('a[href={}]')", quoted(link)))
                    .await?;
                coach.page.eval::<()>(&click, Vec::new()).await?;
                coach.until_at(link).await?;
                ensure!(stage.server.open_streams().await? == 1);
            }
        }
        ensure!(streams_of_this_tab(&coach).await? == 0, "a stream was opened");
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn offline_page_says_so_and_catches_up() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        coach.page.command("Network.enable", json!({})).await?;
        tell_network(&coach, true).await?;
        // At once, and not only when the stream ends: the browser keeps it until the server does.
        coach
            .page
            .until::<bool>("document.body.innerText.includes('No network')")
            .await?;
        stage.server.stop().await?;
        stage.server.start_again().await?;
        coach.look_at_every_size("no-network").await?;
        coachee
            .create(Kind::Agreement, &session, "While there was no network")
            .await?;
        tell_network(&coach, false).await?;
        coach.sees(&Kind::Agreement.shows("While there was no network")).await?;
        coach.until_connected().await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn page_polls_without_stream() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        coach.block(&["*/api/sse*"]).await?;
        coach.open(&path(&session)).await?;
        coach.sees("!!byTestId('agreements')").await?;
        coachee.create(Kind::Agreement, &session, "Nobody told of this").await?;
        coach.sees(&Kind::Agreement.shows("Nobody told of this")).await?;
        ensure!(stage.server.open_streams().await? == 0, "it was told");
        coach.try_now().await?;
        coach.block(&[]).await?;
        coach.until_connected().await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn outage_is_explained_and_retried_by_click() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.one_reader().await?;
        stage.server.stop().await?;
        let why = "['Reconnecting', 'can not be reached', 'Try now']
            .every((part) => byTestId('connection-indicator').innerText.includes(part))";
        coach.sees(why).await?;
        coach.look_at_every_size("reconnecting").await?;
        coach.try_now().await?;
        stage.server.start_again().await?;
        coach.until_connected().await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn ticket_deployment_uses_one_per_stream() -> anyhow::Result<()> {
    configured(&json!({"sse_ticket_path": "/sse/ticket"}), async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        stage.server.stop().await?;
        stage.server.start_again().await?;
        coachee.create(Kind::Agreement, &session, "After the restart").await?;
        coach.sees(&Kind::Agreement.shows("After the restart")).await?;
        coach.until_connected().await?;
        let requests = coach.take_requests().await?;
        let ticket = |target: &str| Some(target.split_once("ticket=")?.1.to_owned());
        let streams = requests.iter().filter(|request| request.kind == "EventSource");
        let tickets: Vec<_> = streams.map(|request| ticket(&request.target)).collect();
        let different: BTreeSet<_> = tickets.iter().flatten().collect();
        ensure!(
            different.len() == tickets.len() && tickets.len() >= 2,
            "streams were opened with {tickets:?}"
        );
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn expired_session_leads_to_sign_in() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.one_reader().await?;
        stage.server.stop().await?;
        let mut database = stage.server.database().await?;
        sqlx::query("DELETE FROM sign_ins WHERE user_id = (SELECT id FROM users WHERE email = ?)")
            .bind(COACH)
            .execute(&mut database)
            .await?;
        drop(database);
        stage.server.start_again().await?;
        coach.until_at("/login").await?;
        let address: String = coach.page.eval("return location.search;", Vec::new()).await?;
        ensure!(address.contains("reason=session_expired"), "the address says {address}");
        let requests = coach.take_requests().await?;
        let asked = requests.iter().filter(|request| request.reads("/sse/status")).count();
        ensure!(asked == 1, "it was asked {asked} times why");
        stage.server.until_open_streams(0).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn dead_connection_is_noticed_when_online() -> anyhow::Result<()> {
    // Even the new stream may go out over a connection that has died: what decides how long that takes is shortened.
    configured(&json!({"timings": {"connect_timeout_ms": 2000}}), async |stage| {
        let proxy = Proxy::before(&stage.server.origin).await?;
        let (coach, coachee, session) = stage.one_reader_at(&proxy.origin).await?;
        coach.page.command("Network.enable", json!({})).await?;
        proxy.let_connections_die();
        coachee
            .create(Kind::Agreement, &session, "Into a dead connection")
            .await?;
        // The browser takes its stream for open all the time.
        ensure!(coach.page.eval::<String>("return indicator();", Vec::new()).await? == "connected");
        tell_network(&coach, true).await?;
        coach.page.until::<bool>("!navigator.onLine").await?;
        tell_network(&coach, false).await?;
        coach.sees(&Kind::Agreement.shows("Into a dead connection")).await?;
        coach.until_connected().await?;
        no_defects(&[&coach]).await
    })
    .await
}
