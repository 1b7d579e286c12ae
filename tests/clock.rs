//! The wall clock is set while the tab is open. No wait is affected.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

#[path = "common/clocks.rs"]
mod clocks;
mod common;
#[path = "common/live.rs"]
mod live;
#[path = "common/words.rs"]
mod words;

use std::time::Duration;

use clocks::set_clock;
use common::{Channel, Place, until};
use freshet::backoff::Backoff;
use freshet::components::ConnectionIndicator;
use freshet::query::{QueryClient, QueryProvider, Selector, use_query};
use freshet::sse::{Settings, State};
use live::{Page, QUICK, address, event, gaps, queries};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;
use words::{Server, Word};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: f64 = 3_600_000.0;

/// Settings with a wait that is long enough to see its countdown.
const SLOW: Settings = Settings {
    backoff: Backoff {
        base: Duration::from_secs(30),
        cap: Duration::from_secs(30),
        jitter: 0.0,
    },
    ..QUICK
};

fn seconds(page: &Page) -> Option<u32> {
    let countdown = page.place().find(".countdown")?;
    countdown.text_content()?.trim_end_matches(" s").parse().ok()
}

#[wasm_bindgen_test]
async fn clock_step_back_delays_nothing() {
    let channel = Channel::new().await;
    let page = Page::build(
        address(&channel),
        SLOW,
        false,
        "somebody",
        html! { <ConnectionIndicator /> },
    );
    page.connected().await;
    channel.send(&event(1)).await;
    page.hears(1).await;

    let _set = set_clock(-HOUR);
    channel.send(&event(2)).await;
    page.hears(2).await;
    assert_eq!(page.status().state, State::Connected);

    channel.drop_streams().await;
    until("it counts", || seconds(&page).is_some()).await;
    let first = seconds(&page).unwrap();
    assert!(first <= 30, "{first} s");
    {
        let _set_back_once_more = set_clock(-24.0 * HOUR);
        until("a second has passed", || seconds(&page).is_some_and(|now| now < first)).await;
    }
    let button = page.place().find("button").unwrap();
    assert_eq!(button.text_content().as_deref(), Some("Try now"));
    button.unchecked_into::<HtmlElement>().click();
    page.connected().await;
    let stats = channel.stats().await;
    assert_eq!(queries(&stats).len(), 2);
    assert!(gaps(&stats)[0] < Duration::from_secs(20), "{:?}", gaps(&stats));
}

#[derive(Clone, PartialEq, Properties)]
struct ShowProperties {
    client: QueryClient<Server>,
}

#[component]
fn Show(props: &ShowProperties) -> Html {
    html! {
        <QueryProvider<Server> client={props.client.clone()}>
            <One />
        </QueryProvider<Server>>
    }
}

#[component]
fn One() -> Html {
    let word = use_query(Word(1));
    html! { <p>{ word.data().map(|word| (*word).clone()) }</p> }
}

#[wasm_bindgen_test]
async fn a_clock_set_back_delays_no_read() {
    let server = Server::default();
    let client = QueryClient::new(server.clone());
    client.set_pushed(true);
    let place = Place::new();
    let app = place.render::<Show>(ShowProperties { client: client.clone() });
    let is_read = async |text: &str| {
        until("it is asked for", || server.open() == 1).await;
        assert!(server.answer(Ok(text)));
        until("it is shown", || place.text() == text).await;
    };
    is_read("first").await;
    for forward in [-HOUR, HOUR, -24.0 * HOUR, 365.0 * 24.0 * HOUR] {
        let _set = set_clock(forward);
        client.invalidate(&Selector::all(), "a test");
        is_read(&format!("{forward}")).await;
    }
    app.destroy();
}
