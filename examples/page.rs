//! A minimal page with a live connection: `SseProvider` owns the stream, hooks show its state and its events.

use freshet::sse::{Address, SseProvider, use_sse, use_sse_event, use_sse_state};
use wire::EventKind;
use yew::prelude::*;

#[component]
fn Live() -> Html {
    let (connection, state) = (use_sse(), use_sse_state());
    let count = use_state(|| 0);
    {
        let count = count.clone();
        use_sse_event(EventKind::ActionCreated, move |_| count.set(*count + 1));
    }
    html! {
        <>
            <p>{ format!("{state:?}, {} actions created meanwhile", *count) }</p>
            <button onclick={move |_| connection.retry()}>{ "Try now" }</button>
        </>
    }
}

/// There is a stream while `person` is set; tabs of the same person share one.
#[component]
fn App() -> Html {
    let address = Address {
        stream: "/api/sse".to_owned(),
        status: Some("/api/sse/status".to_owned()),
        ..Address::default()
    };
    html! { <SseProvider {address} person={AttrValue::from("ada")}><Live /></SseProvider> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
