//! What a page has asked of the network, as the browser itself recorded it.

use anyhow::Context as _;
use serde_json::Value;
use thirtyfour::WebDriver;

/// A request that a page has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// What made it, in the browser's words: `Document`, `Fetch`, `EventSource`, `Script` …
    pub kind: String,
}

impl Request {
    /// Whether it reads or changes data, as opposed to loading the app or opening a stream.
    #[must_use]
    pub fn is_api(&self) -> bool {
        self.target.starts_with("/api/") && self.kind != "EventSource"
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// Whether it reads this path below `/api`, with whatever query.
    #[must_use]
    pub fn reads(&self, path: &str) -> bool {
        self.method == "GET" && self.path().strip_prefix("/api") == Some(path)
    }
}

/// Everything that was asked since the last call.
///
/// # Errors
///
/// When the browser does not tell.
pub async fn take(driver: &WebDriver) -> anyhow::Result<Vec<Request>> {
    let entries = driver
        .get_log("performance")
        .await
        .context("the browser keeps no log of its requests")?;
    let mut requests = Vec::new();
    for entry in entries {
        let entry: Value = serde_json::from_str(&entry.message).context("the browser's log is not JSON")?;
        requests.extend(request(&entry["message"]));
    }
    Ok(requests)
}

fn request(message: &Value) -> Option<Request> {
    if message["method"] != "Network.requestWillBeSent" {
        return None;
    }
    let url = reqwest::Url::parse(message["params"]["request"]["url"].as_str()?).ok()?;
    let target = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let method = message["params"]["request"]["method"].as_str()?.to_owned();
    let kind = message["params"]["type"].as_str().unwrap_or_default().to_owned();
    Some(Request { method, target, kind })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Request, request};

    #[test]
    fn browser_record_becomes_request() {
        let recorded = json!({"method": "Network.requestWillBeSent", "params": {
            "request": {"method": "GET", "url": "http://127.0.0.1:1/api/actions?coaching_session_id=7"}, "type": "Fetch",
        }});
        let request = request(&recorded).unwrap();
        let target = "/api/actions?coaching_session_id=7".to_owned();
        assert_eq!(
            request,
            Request {
                method: "GET".to_owned(),
                target,
                kind: "Fetch".to_owned()
            }
        );
        assert!(request.is_api() && request.reads("/actions") && !request.reads("/action"));
    }

    #[test]
    fn other_records_are_no_requests() {
        assert_eq!(request(&json!({"method": "Network.dataReceived", "params": {}})), None);
    }
}
