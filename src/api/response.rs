//! Turns a status and a body into data or an error.

use std::time::Duration;

use wire::json::{FromFields, FromJson, Object, Unreadable, read};

use super::error::{ApiError, Kind};
use super::scan;
use crate::backoff;
use crate::browser::fetch::is_from_proxy;
use crate::time::EpochMillis;

/// The parts of a response that decide on its outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<&'a str>,
    pub(super) body: &'a [u8],
    /// The time of arrival.
    pub(super) now: EpochMillis,
}

/// The fields of a [`wire::ErrorBody`] that are read. The details are left out, since they may be of any form.
struct Refusal {
    status_code: Option<u16>,
    /// The name of the error, for programs.
    error: String,
    message: String,
}

impl FromFields for Refusal {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            status_code: fields.take("status_code")?,
            error: fields.take_or_default("error")?,
            message: fields.take_or_default("message")?,
        })
    }
}

impl<'a> Answer<'a> {
    /// Wraps a body that came with a successful status.
    pub(super) fn of(body: &'a [u8]) -> Self {
        Self {
            status: 200,
            retry_after: None,
            body,
            now: EpochMillis::default(),
        }
    }

    /// Parses the data in the envelope.
    pub(super) fn data<T: FromJson>(self) -> Result<T, ApiError> {
        let data = T::from_json(self.written()?);
        data.map_err(|Unreadable| self.refusal())
    }

    /// Returns the JSON text of the data in the envelope.
    fn written(self) -> Result<&'a str, ApiError> {
        self.done()?;
        let envelope = Object::read_bytes(self.body).ok();
        let envelope = envelope.filter(|envelope| envelope.take("status_code").is_ok_and(|status: u16| status < 400));
        envelope
            .and_then(|envelope| envelope.text("data").ok().flatten())
            .ok_or_else(|| self.refusal())
    }

    /// Checks that the request succeeded, as far as is possible without parsing the whole body.
    ///
    /// A body that is not JSON does not come from the server, but from a proxy or from a network that asks to sign in.
    pub(super) fn done(self) -> Result<(), ApiError> {
        self.check_status()?;
        self.check_origin()?;
        match scan::number(self.body, "status_code") {
            Some(400..) => self.check_body(),
            _ => Ok(()),
        }
    }

    /// Returns the reason why a body is not of the expected form.
    pub(super) fn refusal(self) -> ApiError {
        let error = self.check_origin().and_then(|()| self.check_body()).err();
        error.unwrap_or_else(|| Kind::Unreadable.into())
    }

    /// Rejects a body that is not JSON: it does not come from the server.
    fn check_origin(self) -> Result<(), ApiError> {
        match self.body.trim_ascii_start().first() {
            None | Some(b'{' | b'[' | b'n') => Ok(()),
            Some(_) => Err(Kind::Intercepted.into()),
        }
    }

    fn check_status(self) -> Result<(), ApiError> {
        if (200..300).contains(&self.status) {
            Ok(())
        } else {
            Err(self.error(self.status))
        }
    }

    /// Rejects a body that reports a failure despite a successful status.
    fn check_body(self) -> Result<(), ApiError> {
        let body = read::<Refusal>(self.body).ok();
        match body.and_then(|body| body.status_code) {
            Some(status @ 400..) => Err(self.error(status)),
            _ => Ok(()),
        }
    }

    fn error(self, status: u16) -> ApiError {
        let body = read::<Refusal>(self.body).ok();
        let is_foreign_origin = body.as_ref().is_some_and(|body| body.error == "foreign_origin");
        let message = body
            .map(|body| body.message)
            .filter(|message| !message.trim().is_empty())
            .map(sentence);
        match status {
            // Otherwise the 404 of a proxy that does not find the server would delete a row, and its 401 would sign a
            // person out.
            401 | 404 | 410 if is_from_proxy(self.body) => Kind::Intercepted,
            400 if message.is_none() && self.body.starts_with(b"`x-version`") => Kind::VersionMismatch,
            400 | 415 | 422 => Kind::Invalid(message),
            401 => Kind::Unauthorized,
            // This is not a missing permission: the message names the address or the proxy that is the cause.
            403 if is_foreign_origin => Kind::Invalid(message),
            403 => Kind::Forbidden,
            404 | 410 => Kind::NotFound,
            409 => Kind::Conflict(message.unwrap_or_else(|| "Somebody has changed this in the meantime.".to_owned())),
            413 => Kind::TooLarge,
            429 => Kind::TooManyRequests(self.wait()),
            // 507: the server's disk is full.
            503 | 507 => Kind::Unavailable(self.wait()),
            status => Kind::Server(status),
        }
        .into()
    }

    fn wait(self) -> Option<Duration> {
        backoff::retry_after(self.retry_after?, self.now)
    }
}

/// Formats a message as a sentence, since servers differ in whether their messages begin and end like one.
fn sentence(message: String) -> String {
    let mut letters = message.trim().chars();
    let Some(first) = letters.next() else { return message };
    let mut sentence: String = std::iter::once(first.to_ascii_uppercase()).chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Answer, Duration, EpochMillis, Kind};

    fn answer(status: u16, body: &str) -> Answer<'_> {
        Answer {
            status,
            retry_after: None,
            body: body.as_bytes(),
            now: EpochMillis::default(),
        }
    }

    #[track_caller]
    fn fails(status: u16, body: &str, expected: &Kind) {
        let error = answer(status, body).done().unwrap_err();
        assert_eq!(error.kind(), expected, "{status} {body}");
        assert_eq!(answer(status, body).data::<bool>().unwrap_err(), error);
    }

    #[test]
    fn success_needs_status_and_body() {
        assert_eq!(
            answer(200, r#"{"status_code":201,"data":[1,2]}"#)
                .data::<Vec<u16>>()
                .unwrap(),
            [1, 2]
        );
        for body in [
            "",
            r#"{"id":"7"}"#,
            r#"{"status_code":204,"data":null}"#,
            r#"{"status_code":204}"#,
        ] {
            assert_eq!(answer(200, body).done(), Ok(()), "{body}");
        }
        assert_eq!(answer(204, "").done(), Ok(()));
        let refused = r#"{"status_code":409,"error":"conflict","message":"three goals are enough"}"#;
        fails(200, refused, &Kind::Conflict("Three goals are enough.".to_owned()));
    }

    #[test]
    fn every_kind_of_error_is_told_apart() {
        fails(401, "Unauthorized", &Kind::Unauthorized);
        fails(403, "FORBIDDEN", &Kind::Forbidden);
        fails(404, "", &Kind::NotFound);
        let foreign = r#"{"status_code":403,"error":"foreign_origin","message":"open it over https"}"#;
        fails(403, foreign, &Kind::Invalid(Some("Open it over https.".to_owned())));
        fails(413, "", &Kind::TooLarge);
        fails(400, "`x-version` header is missing", &Kind::VersionMismatch);
        fails(400, "Invalid URL: UUID parsing failed", &Kind::Invalid(None));
        let invalid =
            r#"{"status_code":422,"error":"validation_error","message":"title must be at most 500 characters"}"#;
        fails(
            422,
            invalid,
            &Kind::Invalid(Some("Title must be at most 500 characters.".to_owned())),
        );
        fails(429, "", &Kind::TooManyRequests(None));
        fails(503, "SERVICE UNAVAILABLE", &Kind::Unavailable(None));
        fails(507, "", &Kind::Unavailable(None));
        fails(502, "BAD GATEWAY", &Kind::Server(502));
        fails(302, "", &Kind::Server(302));
    }

    #[test]
    fn proxy_that_finds_no_server_is_no_answer() {
        for body in [
            "<html><h1>404 Not Found</h1>",
            "404 page not found\n",
            "default backend - 404",
        ] {
            fails(404, body, &Kind::Intercepted);
            fails(410, body, &Kind::Intercepted);
        }
        fails(401, "<html><h1>401 Authorization Required</h1>", &Kind::Intercepted);
        fails(404, "NOT FOUND", &Kind::NotFound);
        fails(401, "UNAUTHORIZED", &Kind::Unauthorized);
    }

    #[test]
    fn unexpected_content_is_unreadable() {
        fails(
            200,
            "<!doctype html><title>Sign in to the network</title>",
            &Kind::Intercepted,
        );
        fails(200, "healthy", &Kind::Intercepted);
        for body in ["", r#"{"status_code":200,"data":{"id":7}}"#, r#"[1]"#] {
            let error = answer(200, body).data::<Vec<u16>>().unwrap_err();
            assert_eq!(error.kind(), &Kind::Unreadable, "{body}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |text| {
            let now = EpochMillis::from_millis(784_111_770_000);
            let answer = Answer {
                status: 503,
                retry_after: Some(text),
                body: b"",
                now,
            };
            match answer.done().unwrap_err().kind() {
                Kind::Unavailable(wait) => *wait,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }

    /// Each error that was recorded from the coaching backend has a kind, and a text that a person understands.
    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn every_captured_error_becomes_words() {
        #[derive(serde::Deserialize)]
        struct Exchange {
            name: String,
            status: u16,
            body: String,
        }
        let captured = include_str!("../../crates/wire/tests/captured/rest.json");
        let exchanges: Vec<Exchange> = serde_json::from_str(captured).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for exchange in exchanges.iter().filter(|exchange| exchange.status >= 400) {
            let error = answer(exchange.status, &exchange.body).done().unwrap_err();
            let (text, kind) = (error.to_string(), error.kind());
            assert!(
                text.ends_with('.') && !text.contains("deserialize"),
                "{}: {text}",
                exchange.name
            );
            let expected = match exchange.status {
                401 => matches!(kind, Kind::Unauthorized),
                403 => matches!(kind, Kind::Forbidden),
                404 => matches!(kind, Kind::NotFound),
                409 => matches!(kind, Kind::Conflict(_)),
                413 => matches!(kind, Kind::TooLarge),
                503 => matches!(kind, Kind::Unavailable(_)),
                400 => matches!(kind, Kind::Invalid(_) | Kind::VersionMismatch),
                415 | 422 => matches!(kind, Kind::Invalid(_)),
                _ => matches!(kind, Kind::Server(_)),
            };
            assert!(expected, "{}: {kind:?}", exchange.name);
            seen.insert(exchange.status);
        }
        assert!(seen.len() >= 9, "the capture has shrunk: {seen:?}");
    }
}
