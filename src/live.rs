//! The one bridge from the stream to the cache: what arrives makes stale what it speaks of.
//!
//! Also the one place that knows both what keeps something of a person (the stream, the cache) and how a person leaves.

use wire::Event;
use yew::prelude::*;

use crate::invalidation;
use crate::query::{Selector, use_query_client};
use crate::resources::Client;
use crate::session::{Farewell, use_session};
use crate::sse::{Delivery, Report, use_sse, use_sse_reports};

/// Connects the stream to the cache and to the session. Shows nothing.
#[component]
pub fn Live() -> Html {
    let client: Client = use_query_client();
    let session = use_session();
    let sse = use_sse();

    use_effect_with((client.clone(), sse.clone()), |(client, sse)| {
        let sse = sse.clone();
        client.backend().on_read(move |position| sse.note_read(position));
    });
    {
        let (client, session, sse) = (client.clone(), session.clone(), sse);
        // Registered anew with every change of session, which costs nothing and changes nothing.
        use_effect_with(session, move |session| {
            let guards = (
                session.on_sign_out("the stream", move || {
                    sse.stop();
                    Ok(())
                }),
                session.on_sign_out("the cache", move || {
                    client.clear();
                    Ok(())
                }),
            );
            move || drop(guards)
        });
    }
    let connected_before = use_mut_ref(|| false);
    use_sse_reports(move |report| match report {
        Report::Delivery(delivery) => match &**delivery {
            Delivery::Event(Event::ForceLogout { reason }) => session.sign_out(Farewell::Forced(reason.clone())),
            Delivery::Event(event) => invalidate(&client, &invalidation::plan(event)),
            Delivery::Unreadable(kind) => invalidate(&client, &invalidation::plan_unreadable(*kind)),
        },
        Report::Gap => client.invalidate(&Selector::all()),
        Report::Connected(connected) => {
            client.set_pushed(*connected);
            // The stream carries whoever the cookie names, which another tab may have changed.
            if *connected && connected_before.replace(true) {
                session.check();
            }
        }
        Report::CheckSession => session.check(),
    });
    Html::default()
}

fn invalidate(client: &Client, selectors: &[Selector]) {
    for selector in selectors {
        client.invalidate(selector);
    }
}
