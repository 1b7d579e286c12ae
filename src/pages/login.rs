//! The sign-in page.

use wire::Credentials;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::{Onward, brand, focus, splash};
use crate::route::LoginQuery;
use crate::session::{Farewell, Session, SessionHandle, use_session};
use crate::task::use_task;
use crate::title::{use_own_focus, use_title};

/// The sign-in page, which is also shown after a session has ended. A person with a session is redirected at once.
#[component]
pub fn LoginPage() -> Html {
    use_title("Sign in");
    use_own_focus();
    let session = use_session();
    let query = use_location()
        .map(|location| LoginQuery::read(location.query_str()))
        .unwrap_or_default();
    match session.session() {
        Session::Restoring => splash(),
        Session::SignedIn(_) => html! { <Onward to={query.destination()} /> },
        Session::SignedOut(_) | Session::Unknown(_) => html! {
            <main class="login">
                <div class="login-card">
                    { brand() }
                    <h1 ~textContent="Welcome back" />
                    <p class="lead" ~textContent="Sign in to your coaching workspace." />
                    if let Some(text) = farewell(&query, session.session(), session.kept_changes()) {
                        <p class="note" role="status" dir="auto" ~textContent={text} />
                    }
                    <SignInForm {session} />
                </div>
            </main>
        },
    }
}

/// Returns the reason for the end of the session, in words. The text never comes from the address, because an address
/// can be forged.
fn farewell(query: &LoginQuery, session: &Session, unsaved: usize) -> Option<String> {
    let reason = match query.reason.as_deref()? {
        "signed_out" => return Some("You are signed out.".to_owned()),
        "session_expired" => "Your session has ended. Please sign in again.".to_owned(),
        "forced_logout" => match session {
            Session::SignedOut(Some(Farewell::Forced(reason))) if !reason.trim().is_empty() => {
                format!("You were signed out: {}", reason.trim())
            }
            _ => "You were signed out by the server.".to_owned(),
        },
        _ => return None,
    };
    Some(match unsaved {
        0 => reason,
        _ => format!("{reason} What was not saved yet is kept on this device until another person signs in."),
    })
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct SignInFormProperties {
    session: SessionHandle,
}

#[component]
fn SignInForm(props: &SignInFormProperties) -> Html {
    let (email, password) = (use_node_ref(), use_node_ref());
    let error = use_state(|| None::<String>);
    let task = use_task();
    {
        let email = email.clone();
        use_effect_with((), move |()| focus(&email));
    }

    let on_submit = {
        let (session, error, task) = (props.session.clone(), error.clone(), task.clone());
        let (email, password) = (email.clone(), password.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let value = |field: &NodeRef| field.cast::<web_sys::HtmlInputElement>().map(|field| field.value());
            let (Some(email), Some(password)) = (value(&email), value(&password)) else {
                return;
            };
            let credentials = Credentials {
                email: email.trim().to_owned(),
                password,
            };
            error.set(None);
            let (session, error) = (session.clone(), error.clone());
            task.run(async move {
                if let Err(refusal) = session.sign_in(&credentials).await {
                    error.set(Some(refusal.to_string()));
                }
            });
        })
    };
    html! {
        <form onsubmit={on_submit}>
            <label for="email" ~textContent="Email" />
            <input id="email" ref={email} type="email" name="email" autocomplete="username" required=true />
            <label for="password" ~textContent="Password" />
            <input id="password" ref={password} type="password" name="password" autocomplete="current-password"
                required=true />
            if let Some(error) = &*error {
                <p class="error" role="alert" ~textContent={error.as_str()} />
            }
            // A disabled button would lose the focus.
            <button type="submit" class="primary" aria-disabled={task.is_running().then_some("true")}>
                if task.is_running() { <span class="spinner" aria-hidden="true" /> }
                <span ~textContent="Sign in" />
            </button>
        </form>
    }
}
