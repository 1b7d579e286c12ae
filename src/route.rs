//! The addresses of the app: the only place where they are written.

use serde::{Deserialize, Serialize};
use wire::CoachingSessionId;
use yew_router::Routable;

/// The addresses of the app.
#[derive(Clone, Copy, Debug, PartialEq, Routable)]
pub enum Route {
    /// What is coming up.
    #[at("/")]
    Dashboard,
    /// Where one signs in.
    #[at("/login")]
    Login,
    /// One session.
    #[at("/coaching-sessions/:id")]
    Session {
        /// Which one.
        id: CoachingSessionId,
    },
    /// Any other address.
    #[not_found]
    #[at("/404")]
    NotFound,
}

/// What the address of [`Route::Login`] may carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginQuery {
    /// Why somebody was signed out, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The address that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl LoginQuery {
    /// Where to go after signing in. Only addresses of the app count: anything else in an address is somebody's
    /// trap.
    #[must_use]
    pub fn destination(&self) -> Route {
        match self.next.as_deref().and_then(Route::recognize) {
            Some(route @ Route::Session { .. }) => route,
            Some(Route::Dashboard | Route::Login | Route::NotFound) | None => Route::Dashboard,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{CoachingSessionId, LoginQuery, Routable, Route};

    #[test]
    fn signing_in_leads_only_to_pages_of_the_app() {
        let session = Route::Session {
            id: CoachingSessionId::from_u128(7),
        };
        let leads_to = |next: &str| {
            LoginQuery {
                next: Some(next.to_owned()),
                ..LoginQuery::default()
            }
            .destination()
        };
        assert_eq!(leads_to(&session.to_path()), session);
        for other in [
            "",
            "/",
            "/login",
            "/404",
            "//evil.example",
            "https://evil.example/",
            "/coaching-sessions/x",
        ] {
            assert_eq!(leads_to(other), Route::Dashboard, "{other}");
        }
    }
}
