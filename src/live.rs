//! The one bridge from the stream to the cache: what arrives makes stale what it speaks of.
//!
//! Also the one place that knows both what keeps something of a person (the stream, the cache) and how a person leaves.

use wire::Event;
use yew::prelude::*;

use crate::invalidation::{self, Step};
use crate::query::{Selector, use_query_client};
use crate::resources::Client;
use crate::session::{Farewell, use_session};
use crate::sse::{Delivery, Report, use_sse, use_sse_reports};
use crate::today;

/// Properties of [`Live`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Properties)]
pub struct LiveProperties {
    /// Whether what an event carries is shown before it has been read again.
    #[prop_or(true)]
    pub paints: bool,
}

/// Connects the stream to the cache and to the session. Shows nothing.
#[component]
pub fn Live(props: &LiveProperties) -> Html {
    let paints = props.paints;
    let client: Client = use_query_client();
    let session = use_session();
    let sse = use_sse();

    use_effect_with((client.clone(), sse.clone()), |(client, sse)| {
        let sse = sse.clone();
        client.backend().on_read(move |position| sse.note_read(position));
    });
    {
        let (client, session, sse) = (client.clone(), session.clone(), sse.clone());
        // Registered anew with every change of session, which costs nothing and changes nothing.
        use_effect_with(session, move |session| {
            let left = session.clone();
            let guards = (
                session.on_sign_out("the stream", move |_| {
                    sse.stop();
                    Ok(())
                }),
                session.on_sign_out("the cache", move |farewell| {
                    match farewell {
                        // Whoever did not mean to leave is given the chance to come back.
                        Farewell::Expired | Farewell::Forced(_) => left.note_kept(client.clear_but_unsent()),
                        Farewell::Asked => client.clear(),
                    }
                    Ok(())
                }),
            );
            move || drop(guards)
        });
    }
    let was_current = use_mut_ref(|| false);
    use_sse_reports(move |report| match report {
        Report::Delivery(delivery) => match &**delivery {
            Delivery::Event(Event::ForceLogout { reason }) => session.sign_out(Farewell::Forced(reason.clone())),
            Delivery::Event(event) => {
                let cause = event.kind().name();
                for Step { selector, paint } in invalidation::plan(event) {
                    match paint.filter(|_| paints) {
                        Some(patch) => client.paint(&selector, &patch, cause),
                        None => client.invalidate(&selector, cause),
                    }
                }
            }
            Delivery::Unreadable(kind) => {
                for selector in invalidation::plan_unreadable(*kind) {
                    client.invalidate(&selector, kind.name());
                }
            }
        },
        Report::Gap => client.invalidate(&Selector::all(), "gap"),
        Report::Poll => client.refetch_active(),
        Report::Slept(slept) => {
            today::check();
            client.revalidate_after_sleep(*slept);
        }
        Report::Current(current) => {
            client.set_pushed(*current);
            // The stream carries whoever the cookie names, which another tab may have changed.
            if *current && was_current.replace(true) {
                session.check(|| {});
            }
        }
        Report::CheckSession => {
            let sse = sse.clone();
            session.check(move || sse.refreshed());
        }
        Report::SessionEnded => session.sign_out(Farewell::Expired),
    });
    Html::default()
}
