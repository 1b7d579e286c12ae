//! Which pages may read an answer.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};

/// Which pages may read an answer. What is no page reads it anyway: it is browsers that keep to this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cors {
    /// Every one that asks, with cookies.
    #[default]
    Each,
    /// The answer says `*`, and that cookies are welcome: browsers accept this from no server.
    Wildcard,
    /// None but those of this server.
    None,
}

/// Takes back what allows more than the answer is marked with.
pub(super) async fn restrict(mut response: Response) -> Response {
    let allowed = response.extensions().get::<Cors>().copied().unwrap_or_default();
    let headers = response.headers_mut();
    match allowed {
        Cors::Each => {}
        Cors::Wildcard => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        Cors::None => {
            headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
    }
    response
}
