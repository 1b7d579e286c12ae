//! Goes somewhere else.

use yew::prelude::*;
use yew_router::prelude::*;
use yew_router::query::Raw;

use super::shell::splash;
use crate::route::{LoginQuery, Route};

/// Properties of [`Onward`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct OnwardProperties {
    /// Where to.
    pub to: Route,
    /// What to tell the sign-in page.
    #[prop_or_default]
    pub query: LoginQuery,
}

/// Goes somewhere else, and leaves no way back to what was shown before.
#[component]
pub fn Onward(props: &OnwardProperties) -> Html {
    let navigator = use_navigator();
    use_effect_with(props.clone(), move |OnwardProperties { to, query }| {
        let query = query.written();
        let result = navigator.map(|navigator| navigator.replace_with_query(to, Raw(query.as_str())));
        if !matches!(result, Some(Ok(()))) {
            log::error!("can not go on to another page");
        }
    });
    splash()
}
