//! The workspace: everything except the sign-in page and the gate.
//!
//! In the deployed app this is a file of its own. `lazy` describes when it is loaded.

use std::rc::Rc;
use std::time::Duration;

use uuid::Uuid;
use wire::{CoachingSession, CoachingSessionId, User};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::api::{Api, ApiError, Kind};
use crate::browser::LeaveGuard;
use crate::components::{ConnectionIndicator, Place, SignOutPrompt, Unsent, shell};
use crate::config::Config;
use crate::countdown::use_has_lasted;
use crate::kept::{Kept, KeptProvider, use_from_kept, use_kept, use_unresolved};
use crate::live::Live;
use crate::navigation::Arrivals;
use crate::pages::{CoachingSessionPage, DashboardPage, NotFoundPage, SessionsPage};
use crate::query::{Failure, QueryProvider, use_pending, use_query_client};
use crate::resources::{self, Client, PlanSession, Record as _};
use crate::route::Route;
use crate::session::{Farewell, SessionHandle, use_session};
use crate::sse::SseProvider;
use crate::steady_rows::use_steady_rows;
use crate::toast::{ToastProvider, use_toaster};
use crate::unresolved::Unresolved;

/// The time that a change may be unsent before the person is told.
const UNSENT_AFTER: Duration = Duration::from_secs(3);

/// Properties of [`Workspace`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct WorkspaceProperties {
    /// The configuration of this deployment.
    pub config: Config,
    /// The server. It is fixed for the life of the workspace.
    pub api: Api,
}

/// Everything that depends on the signed-in person, with its toasts.
#[component]
pub fn Workspace(props: &WorkspaceProperties) -> Html {
    html! {
        <>
            <Arrivals />
            <ToastProvider><Foundation ..props.clone() /></ToastProvider>
        </>
    }
}

/// The parts that depend on the signed-in person: the cache, the stream and the pages.
#[component]
fn Foundation(props: &WorkspaceProperties) -> Html {
    let api = props.api.clone();
    let client = use_memo((), move |()| {
        let client = Client::new(api);
        resources::register(&client);
        client
    });
    let kept = use_memo((), |()| Kept::new());
    let session = use_session();
    let person = session.user().map(|user| AttrValue::from(user.id.to_string()));
    let toaster = use_toaster();
    let on_failure = use_callback(toaster.clone(), |failure: Failure<ApiError>, toaster| {
        // The sign-in page reports the end of the session.
        if !matches!(failure.error.kind(), Kind::Unauthorized) {
            toaster.say(format!("Could not {}. {}", failure.attempt, failure.error));
        }
    });
    use_effect_with((session.clone(), toaster), |(session, toaster)| {
        let toaster = toaster.clone();
        let guard = session.on_sign_out("the messages", move |_| {
            toaster.clear();
            Ok(())
        });
        move || drop(guard)
    });
    let on_leftover = use_callback((*kept).clone(), |unresolved: Unresolved, kept: &Kept| {
        kept.add_unresolved(&unresolved);
    });
    let on_renamed = use_callback((*kept).clone(), |(from, to), kept: &Kept| {
        kept.rename_row(Uuid::from_u128(from), Uuid::from_u128(to));
    });
    use_effect_with(((*kept).clone(), session.user().cloned()), |(kept, user)| {
        if let Some(user) = user {
            kept.set_owner(&user.id.to_string());
        }
    });
    {
        let kept = kept.clone();
        use_effect_with(session.clone(), move |session| {
            let left = session.clone();
            let guard = session.on_sign_out("the unsaved text", move |farewell| {
                match farewell {
                    Farewell::Asked => kept.clear(),
                    Farewell::Expired | Farewell::Forced(_) => {
                        kept.reload();
                        left.note_kept(kept.unresolved().len() + usize::from(kept.has_texts()));
                    }
                }
                Ok(())
            });
            move || drop(guard)
        });
    }
    let Config {
        address,
        connection,
        paint_events,
        keep_data,
        share_stream,
        ..
    } = props.config.clone();
    use_effect_with(
        (client.clone(), session.user().filter(|_| keep_data).cloned()),
        |(client, user)| {
            if let Some(user) = user {
                client.remember_for(&user.id.to_string());
            }
        },
    );
    html! {
        <KeptProvider kept={(*kept).clone()}>
        <QueryProvider<Api> client={(*client).clone()} {on_failure} {on_renamed} {on_leftover}>
            // Below the cache, because events are applied to it.
            <SseProvider {address} settings={connection} {person} shares={share_stream}>
                <Live paints={paint_events} />
                <Switch<Route> render={Callback::from(members)} />
                <ConnectionIndicator />
                <AskBeforeLoss />
            </SseProvider>
        </QueryProvider<Api>>
        </KeptProvider>
    }
}

fn members(route: Route) -> Html {
    match route {
        Route::Login => Html::default(),
        route => html! { <Members {route} /> },
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct MembersProperties {
    route: Route,
}

/// The pages of the signed-in person. Without a session it renders nothing, because the gate does.
#[component]
fn Members(props: &MembersProperties) -> Html {
    let session = use_session();
    use_steady_rows();
    let pending = use_pending::<Api>();
    let undecided = *use_unresolved(<[Unresolved]>::len);
    let has_texts = *use_from_kept(Kept::has_texts);
    let unsent = Unsent {
        count: pending + undecided,
        undecided,
        decides_at: *use_unresolved(|all| all.iter().find_map(decides_at)),
        has_texts,
        in_other_tabs: false,
        is_told: use_has_lasted(pending > 0, UNSENT_AFTER) || undecided > 0,
    };
    let prompt = use_sign_out_prompt(&session, unsent);
    session
        .user()
        .map(|user| shell(&user.name(), &prompt, page(props.route, user)))
        .unwrap_or_default()
}

/// Returns the place at which the person decides on a change, if its row names a coaching session.
fn decides_at(unresolved: &Unresolved) -> Option<Place> {
    let whole = |page| Some(Place { page, row: None });
    if PlanSession::left_over(unresolved).is_some() {
        return whole(Route::Dashboard);
    }
    if unresolved.collection == CoachingSession::COLLECTION {
        let id = CoachingSessionId::from_u128(unresolved.row.as_u128());
        return whole(Route::Session { id });
    }
    let session = |field: &str| unresolved.seen.get(field)?.as_str()?.parse().ok();
    let id = session("coaching_session_id").or_else(|| session("created_in_session_id"))?;
    Some(Place {
        page: Route::Session { id },
        row: Some(unresolved.row),
    })
}

/// Makes the browser ask before the tab closes, if something would be lost. The question also applies after a session
/// that was ended by force or by expiry, until the person returns.
#[component]
fn AskBeforeLoss() -> Html {
    let session = use_session();
    let is_pending = use_pending::<Api>() > 0;
    let has_words = *use_from_kept(|kept| kept.has_texts() || !kept.unresolved().is_empty());
    let is_awaited = session.user().is_none() && session.kept_changes() > 0;
    let (client, kept) = (use_query_client::<Api>(), use_kept());
    let may_lose = is_pending || has_words || is_awaited;
    use_effect_with((may_lose, client, kept), |(may_lose, client, kept)| {
        let (client, kept) = (client.clone(), kept.clone());
        let must_ask = move || kept.is_at_risk() || client.has_unkept_mutations();
        let guard = may_lose.then(|| LeaveGuard::new(must_ask));
        move || drop(guard)
    });
    Html::default()
}

/// Returns the state of signing out. With anything unsent, a person signs out only by a button that says so.
#[hook]
fn use_sign_out_prompt(session: &SessionHandle, unsent: Unsent) -> SignOutPrompt {
    // The place of the question. On another page, as after *Back*, the question is hidden.
    let place = use_location().map(|place| format!("{}{}", place.path(), place.hash()));
    let asked_at = use_state_eq(|| None::<String>);
    let is_asked = asked_at.is_some() && *asked_at == place;
    {
        let asked_at = asked_at.clone();
        use_effect_with(place.clone(), move |_| asked_at.set(None));
    }
    let client = use_query_client::<Api>();
    // Other tabs do not notify this one of their unsent changes, so they are checked only when the person signs out.
    let with_other_tabs = move || Unsent {
        in_other_tabs: client.others_have_unsent(),
        ..unsent
    };
    let unsent = if is_asked { with_other_tabs() } else { unsent };
    let sign_out = {
        let session = session.clone();
        Callback::from(move |()| session.sign_out(Farewell::Asked))
    };
    let ask = {
        let (sign_out, asked_at) = (sign_out.clone(), asked_at.clone());
        Callback::from(move |()| {
            if with_other_tabs().is_nothing() {
                sign_out.emit(());
            } else {
                asked_at.set(place.clone());
            }
        })
    };
    SignOutPrompt {
        unsent,
        is_asked,
        on_sign_out: ask,
        on_confirm: sign_out,
        on_cancel: Callback::from(move |()| asked_at.set(None)),
    }
}

fn page(route: Route, user: &Rc<User>) -> Html {
    let user = Rc::clone(user);
    match route {
        Route::Dashboard => html! { <DashboardPage {user} /> },
        Route::Sessions => html! { <SessionsPage {user} /> },
        Route::Session { id } => html! { <CoachingSessionPage key={id.to_string()} {id} {user} /> },
        Route::Login | Route::NotFound => html! { <NotFoundPage /> },
    }
}
