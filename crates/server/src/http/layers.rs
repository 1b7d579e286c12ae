//! Middleware for all requests: log, metrics, quotas and headers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, OriginalUri, Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, IF_MATCH, LINK,
    REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::time::error::Elapsed;
use tower_http::cors::CorsLayer;
use wire::UserId;

use super::idempotency::IDEMPOTENCY_KEY;
use super::reply::EVENT_CURSOR;
use crate::audit::{Deed, Entry};
use crate::config::Origin;
use crate::error::Error;
use crate::extract::{Caller, CurrentUser};
use crate::listener::Peer;
use crate::quotas::ReadPermit;
use crate::state::AppState;

const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The time limit of a request, including its arrival.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// Middleware: limits the concurrent reads of a person to their quota.
pub(super) async fn share_reads(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let Some(person) = signed_in(&request).filter(|_| reads) else {
        return Ok(next.run(request).await);
    };
    let permit = state.quotas.read(person).await?;
    request.extensions_mut().insert(permit);
    Ok(next.run(request).await)
}

/// Middleware: limits the changes of a person in a minute to their quota.
pub(super) async fn limit_changes(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let changes = !request.method().is_safe();
    if let Some(person) = signed_in(&request).filter(|_| changes) {
        state.quotas.change(person)?;
    }
    Ok(next.run(request).await)
}

fn signed_in(request: &Request) -> Option<UserId> {
    request.extensions().get::<CurrentUser>().map(|user| user.id)
}

/// Middleware: runs the handler in a separate task, so that the handler is not dropped half-way when its client closes
/// the connection. The task holds the read permit until its end as well.
pub(super) async fn run_to_the_end(mut request: Request, next: Next) -> Result<Response, Error> {
    let permit = request.extensions_mut().remove::<ReadPermit>();
    let answer = tokio::spawn(async move {
        let response = tokio::time::timeout(REQUEST_LIMIT, next.run(request)).await?;
        Ok(match permit {
            Some(permit) => permit.count(response),
            None => response,
        })
    });
    match answer.await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err::<_, Elapsed>(_)) => Err(Error::Timeout),
        Err(_) => Err(Error::Internal("a handler panicked")),
    }
}

/// Middleware: refuses a request that does not name exactly one host (RFC 9112, 3.2), because a proxy in between may
/// have used another one. In HTTP/1.0 the field is optional.
pub(super) async fn check_host(request: Request, next: Next) -> Result<Response, Error> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let is_one = match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@')),
        (Some(_), Some(_)) => false,
    };
    if is_one {
        return Ok(next.run(request).await);
    }
    Err(Error::BadRequest(
        "a request has one Host header that names a host".to_owned(),
    ))
}

/// Middleware: answers only health checks, metrics and streams on connections of the reserve, while all other places
/// are taken.
pub(super) async fn keep_reserve(ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_kept = ["/healthz", "/readyz", "/metrics"].contains(&path) || path.starts_with("/api/sse");
    if is_kept || !peer.is_in_reserve() {
        return next.run(request).await;
    }
    let mut response = Error::Busy.into_response();
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Middleware: forbids caches to store the responses of the API.
pub(super) async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Middleware: adds the headers that protect a page and its reader from attacks.
pub(super) async fn secure(State(policy): State<HeaderValue>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Middleware: writes one line of log for each request, and counts it in the metrics. Both use the pattern of the route
/// and not the path, because paths contain ids of people.
pub(super) async fn log(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    state.metrics.answered(known(&method), route, status, elapsed);
    let error = response.extensions().get::<Arc<Error>>();
    if let Some(Error::Disk(disk, _)) = error.map(|error| &**error) {
        state.db.note_disk_error(*disk);
    }
    match error {
        Some(error) if response.status().is_server_error() => {
            tracing::error!(%method, route, status, ?elapsed, %error, "request failed");
        }
        _ => tracing::info!(%method, route, status, ?elapsed, "request"),
    }
    response
}

/// Middleware: records in the audit log each request that was refused for lack of access or because of a limit.
pub(super) async fn note_refusals(
    State(state): State<AppState>,
    user: Option<CurrentUser>,
    Caller(from): Caller,
    OriginalUri(address): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let what = format!("{} {}", known(request.method()), address.path());
    let response = next.run(request).await;
    let deed = match response.extensions().get::<Arc<Error>>().map(|error| &**error) {
        Some(Error::Forbidden) => Deed::AccessDenied,
        Some(Error::TooManyRequests(_)) => Deed::LimitReached,
        _ => return response,
    };
    let entry = Entry::new(deed, from, user.map(|user| user.id));
    state.audit.record(&entry.by(what));
    response
}

/// Returns the method if a route answers it, and `other` for all others, because a client can invent any number of
/// methods.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::OPTIONS => {
            method.as_str()
        }
        _ => "other",
    }
}

/// Lets pages of other origins use the API, if an option names any. The origins are listed one by one, because
/// credentials do not work with `*`.
pub(super) fn cors(allowed: &[Origin]) -> Option<CorsLayer> {
    if allowed.is_empty() {
        return None;
    }
    let origins: Vec<_> = allowed
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok())
        .collect();
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers([
                ACCEPT,
                CACHE_CONTROL,
                CONTENT_TYPE,
                IDEMPOTENCY_KEY,
                IF_MATCH,
                HeaderName::from_static("last-event-id"),
                HeaderName::from_static("x-version"),
            ])
            .expose_headers([ETAG, EVENT_CURSOR, LINK, RETRY_AFTER])
            .max_age(Duration::from_secs(60 * 60)),
    )
}
