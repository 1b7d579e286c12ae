//! The addresses of the app. They are written only here.

use std::collections::HashMap;

use wire::CoachingSessionId;
use yew_router::Routable;

/// A page of the app, by its address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Route {
    /// The dashboard, with the next coaching sessions.
    Dashboard,
    /// The sign-in page.
    Login,
    /// All coaching sessions, past and planned.
    Sessions,
    /// The page of one coaching session.
    Session {
        /// The id of the coaching session.
        id: CoachingSessionId,
    },
    /// Any other address.
    NotFound,
}

/// Implemented by hand. The derived implementation would add a pattern matcher to the build, for five addresses that
/// differ in their first word.
impl Routable for Route {
    fn from_path(path: &str, _: &HashMap<&str, &str>) -> Option<Self> {
        Self::recognize(path)
    }

    fn to_path(&self) -> String {
        match self {
            Self::Dashboard => "/".to_owned(),
            Self::Login => "/login".to_owned(),
            Self::Sessions => "/sessions".to_owned(),
            Self::Session { id } => format!("/coaching-sessions/{id}"),
            Self::NotFound => "/404".to_owned(),
        }
    }

    fn routes() -> Vec<&'static str> {
        vec!["/", "/login", "/sessions", "/coaching-sessions/:id", "/404"]
    }

    fn not_found_route() -> Option<Self> {
        Some(Self::NotFound)
    }

    fn recognize(pathname: &str) -> Option<Self> {
        let path = pathname.strip_suffix('/').unwrap_or(pathname);
        let mut words = path.split('/');
        // Every path begins with a slash, so the first part is empty.
        let known = match (words.next(), words.next(), words.next(), words.next()) {
            (Some(""), None, ..) => Some(Self::Dashboard),
            (Some(""), Some("login"), None, _) => Some(Self::Login),
            (Some(""), Some("sessions"), None, _) => Some(Self::Sessions),
            (Some(""), Some("coaching-sessions"), Some(id), None) => id.parse().ok().map(|id| Self::Session { id }),
            _ => None,
        };
        known.or(Some(Self::NotFound))
    }
}

/// The query of the address of [`Route::Login`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginQuery {
    /// The reason for the end of the session, in a word.
    pub reason: Option<String>,
    /// The address that the person requested.
    pub next: Option<String>,
}

impl LoginQuery {
    /// Parses the query of an address. Unknown parameters are ignored.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let mut found = Self::default();
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match &*name {
                "reason" => found.reason = Some(value.into_owned()),
                "next" => found.next = Some(value.into_owned()),
                _ => {}
            }
        }
        found
    }

    /// Returns the query as text, without the question mark.
    #[must_use]
    pub fn written(&self) -> String {
        let mut written = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("reason", &self.reason), ("next", &self.next)] {
            if let Some(value) = value {
                written.append_pair(name, value);
            }
        }
        written.finish()
    }

    /// Returns the page to show after signing in. Only addresses of the app are accepted, because any other address may
    /// be an attack.
    #[must_use]
    pub fn destination(&self) -> Route {
        match self.next.as_deref().and_then(Route::recognize) {
            Some(route @ (Route::Session { .. } | Route::Sessions)) => route,
            Some(Route::Dashboard | Route::Login | Route::NotFound) | None => Route::Dashboard,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{CoachingSessionId, LoginQuery, Routable, Route};

    fn session() -> Route {
        Route::Session {
            id: CoachingSessionId::from_u128(7),
        }
    }

    #[test]
    fn every_address_leads_to_where_it_came_from() {
        for route in [
            Route::Dashboard,
            Route::Login,
            Route::Sessions,
            session(),
            Route::NotFound,
        ] {
            assert_eq!(Route::recognize(&route.to_path()), Some(route));
        }
        assert_eq!(Route::recognize(&format!("{}/", session().to_path())), Some(session()));
        assert_eq!(Route::recognize("/login/"), Some(Route::Login));
    }

    #[test]
    fn any_other_address_leads_nowhere() {
        let deeper = format!("{}/goals", session().to_path());
        for path in ["", "/"] {
            assert_eq!(Route::recognize(path), Some(Route::Dashboard), "{path}");
        }
        for path in [
            "login",
            "//",
            "/logins",
            "/coaching-sessions",
            "/coaching-sessions/x",
            &deeper,
        ] {
            assert_eq!(Route::recognize(path), Some(Route::NotFound), "{path}");
        }
    }

    #[test]
    fn what_the_sign_in_page_is_told_arrives() {
        let query = LoginQuery {
            reason: Some("signed_out".to_owned()),
            next: Some("/a b?c&d=é".to_owned()),
        };
        assert_eq!(LoginQuery::read(&format!("?{}&other=1", query.written())), query);
        assert_eq!(LoginQuery::default().written(), "");
        assert_eq!(LoginQuery::read(""), LoginQuery::default());
    }

    #[test]
    fn sign_in_redirects_only_within_the_app() {
        let leads_to = |next: &str| {
            LoginQuery {
                next: Some(next.to_owned()),
                ..LoginQuery::default()
            }
            .destination()
        };
        assert_eq!(leads_to(&session().to_path()), session());
        assert_eq!(leads_to("/sessions"), Route::Sessions);
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
