//! Goes somewhere else.

use yew::prelude::*;

use super::shell::splash;
use crate::navigation::use_navigation;
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
    let navigation = use_navigation();
    use_effect_with(props.clone(), move |OnwardProperties { to, query }| {
        navigation.redirect(*to, query);
    });
    splash()
}
