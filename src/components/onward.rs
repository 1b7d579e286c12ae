//! A redirect to another page.

use yew::prelude::*;

use super::shell::splash;
use crate::navigation::use_navigation;
use crate::route::{LoginQuery, Route};

/// Properties of [`Onward`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct OnwardProperties {
    /// The target page.
    pub to: Route,
    /// The query for the sign-in page.
    #[prop_or_default]
    pub query: LoginQuery,
}

/// A redirect to another page. The page before it is replaced in the history.
#[component]
pub fn Onward(props: &OnwardProperties) -> Html {
    let navigation = use_navigation();
    use_effect_with(props.clone(), move |OnwardProperties { to, query }| {
        navigation.redirect(*to, query);
    });
    splash()
}
