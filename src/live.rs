//! The bridge from the stream to the cache: each event invalidates the queries that it concerns.
//!
//! This is also the one place that knows both the parts that hold data of a person (the stream, the cache) and the ways
//! in which a session ends.

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
    /// Whether the content of an event is applied before the data is read again.
    #[prop_or(true)]
    pub paints: bool,
}

/// Connects the stream to the cache and to the session. Renders nothing.
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
        // The callbacks are registered again with every change of the session. The new registration is cheap and has no
        // effect of its own.
        use_effect_with(session, move |session| {
            let left = session.clone();
            let guards = (
                session.on_sign_out("the stream", move |_| {
                    sse.stop();
                    Ok(())
                }),
                session.on_sign_out("the cache", move |farewell| {
                    match farewell {
                        // A person who did not sign out on purpose may come back, so the unsent mutations stay.
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
            // The stream belongs to the person of the cookie, and another tab may have changed the cookie.
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
