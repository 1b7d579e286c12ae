//! The address of the client.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::auth::Address;
use crate::error::Error;
use crate::listener::Peer;
use crate::state::AppState;

/// The address of the client, with or without a trusted proxy in between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) Address);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        let ConnectInfo(peer) = peer.ok_or(Error::Internal("a request without a connection"))?;
        Ok(Self(state.address_of(peer.address, &parts.headers)))
    }
}
