//! The provider of the session, for all components below it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use super::{Core, Farewell, Session, SessionHandle};
use crate::api::Api;
use crate::browser::{self, PageEvent, storage};

/// Properties of [`SessionProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SessionProviderProperties {
    /// The server to sign in to. Fixed for the life of the provider.
    pub api: Api,
    /// The components that can use the session.
    #[prop_or_default]
    pub children: Html,
}

/// Finds out who is signed in, and provides the session to all components below.
#[component]
pub fn SessionProvider(props: &SessionProviderProperties) -> Html {
    let session = use_state(|| Session::Restoring);
    let api = props.api.clone();
    let core = {
        let setter = session.setter();
        use_memo((), move |()| Core {
            api,
            session: RefCell::new(Session::Restoring),
            publish: Callback::from(move |session| setter.set(session)),
            cleanups: RefCell::default(),
            is_leaving: Cell::new(false),
            is_away: Cell::new(false),
            asking: Cell::new(0),
            retry: RefCell::default(),
            failures: Cell::new(0),
            is_remembered: Cell::new(false),
            kept: Cell::new(0),
            telling: RefCell::default(),
        })
    };
    let begun = Rc::clone(&core);
    use_effect_with((), move |()| {
        let core = begun;
        let weak = Rc::downgrade(&core);
        core.api.on_unauthorized(move || {
            if let Some(core) = weak.upgrade() {
                Core::leave(&core, Farewell::Expired);
            }
        });
        let on = |event, act: fn(&Rc<Core>)| {
            let core = Rc::clone(&core);
            browser::Listener::new(event, move || act(&core))
        };
        let listeners = [
            // Another tab signs a person in or out, or changes a value that does not concern the session.
            on(PageEvent::Storage, |core| {
                if storage::remembered_user() != core.user().map(|user| user.to_string()) {
                    Core::check(core, || {});
                }
            }),
            on(PageEvent::PageHide, |core| core.is_away.set(true)),
            on(PageEvent::PageShow, Core::come_back),
            on(PageEvent::Online, Core::retry),
        ];
        browser::spawn(async move { Core::restore(&core).await });
        move || drop(listeners)
    });
    let handle = SessionHandle {
        session: (*session).clone(),
        core,
    };
    html! {
        <ContextProvider<SessionHandle> context={handle}>{ props.children.clone() }</ContextProvider<SessionHandle>>
    }
}

/// Returns the session.
///
/// # Panics
///
/// Outside a [`SessionProvider`].
#[hook]
pub fn use_session() -> SessionHandle {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <SessionProvider>")
}
