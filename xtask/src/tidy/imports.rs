//! The rule about imports: data flows one way, and each module knows only its neighbours.
//!
//! [`TABLE`] lists for each module the paths that it must not name. Modules outside the table have to obey only the
//! general rules.

use super::Finding;
use super::paths::{NamedPath, matches, module_of, paths};
use super::source::SourceFile;

/// The paths that the modules under `place` must not name.
struct Row {
    /// The folder that contains the modules; `*` in the name of a module stands for any text.
    place: &'static str,
    modules: &'static [&'static str],
    forbidden: &'static [&'static str],
}

/// The app.
const APP: &str = "src";

const TABLE: &[Row] = &[
    Row {
        place: APP,
        modules: &["browser"],
        forbidden: &[
            "crate::query",
            "crate::api",
            "crate::components",
            "crate::pages",
            "crate::invalidation",
            "crate::live",
        ],
    },
    // The machine of the connection and its parts: no clock, no browser, no task.
    Row {
        place: APP,
        modules: &[
            "backoff",
            "sse::connection",
            "sse::status",
            "sse::timer",
            "sse::transport",
            "time",
        ],
        forbidden: &["yew", "web_sys", "js_sys", "gloo_*", "crate::browser", "Utc::now"],
    },
    Row {
        place: APP,
        modules: &["sse"],
        forbidden: &[
            "crate::query",
            "crate::api",
            "crate::invalidation",
            "crate::components",
            "crate::pages",
        ],
    },
    // The machine of the cache: no entity, no network, no screen.
    Row {
        place: APP,
        modules: &[
            "query::any_mutation",
            "query::cache",
            "query::effect",
            "query::entry",
            "query::explain",
            "query::index",
            "query::journal",
            "query::key",
            "query::list",
            "query::outage",
            "query::outbox",
            "query::overlay",
            "query::policy",
            "query::queue",
            "query::selector",
            "query::value",
        ],
        forbidden: &["yew", "wire", "crate::browser", "crate::sse", "crate::api"],
    },
    Row {
        place: APP,
        modules: &["query"],
        forbidden: &[
            "wire",
            "crate::sse",
            "crate::api",
            "crate::resources",
            "crate::components",
            "crate::pages",
        ],
    },
    Row {
        place: APP,
        modules: &["invalidation"],
        forbidden: &["yew", "crate::sse", "crate::browser", "crate::api"],
    },
    Row {
        place: APP,
        modules: &["live"],
        forbidden: &["crate::api", "crate::components", "crate::pages"],
    },
    Row {
        place: APP,
        modules: &["api"],
        forbidden: &["yew", "crate::query", "crate::sse"],
    },
    Row {
        place: APP,
        modules: &["resources"],
        forbidden: &["crate::sse", "crate::browser", "crate::components", "crate::pages"],
    },
    // Components may show the errors of `crate::api`, so they may name their types.
    Row {
        place: APP,
        modules: &["components"],
        forbidden: &[
            "crate::api::client",
            "crate::sse::driver",
            "crate::browser",
            "crate::pages",
        ],
    },
    Row {
        place: APP,
        modules: &["pages"],
        forbidden: &["crate::sse::driver", "crate::browser"],
    },
    Row {
        place: "crates/wire/src",
        modules: &[""],
        forbidden: &["axum", "yew", "sqlx"],
    },
    Row {
        place: "crates/server/src",
        modules: &["store"],
        forbidden: &["axum"],
    },
    Row {
        place: "crates/server/src",
        modules: &["http"],
        forbidden: &[
            "sqlx::query",
            "sqlx::query_as",
            "sqlx::query_scalar",
            "sqlx::raw_sql",
            "sqlx::QueryBuilder",
        ],
    },
];

/// The crates of the browser, which only `src/browser` and the program's start may name.
const BROWSER_CRATES: [&str; 5] = ["web_sys", "js_sys", "gloo_*", "wasm_bindgen_futures", "idb"];

/// The paths of these crates that views may name: the types of elements and events, which have no effects.
const ELEMENT_TYPES: [&str; 2] = ["web_sys::Html*Element", "web_sys::*Event"];
const VIEWS: [&str; 2] = ["components", "pages"];

pub(super) fn imports(file: &SourceFile) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for path in paths(file) {
        let rule = forbidden_by_table(file, &path)
            .or_else(|| browser(file, &path))
            .or_else(|| other_page(file, &path));
        findings.extend(rule.map(|rule| Finding {
            path: file.path.clone(),
            line: path.line,
            rule,
        }));
    }
    findings
}

fn forbidden_by_table(file: &SourceFile, path: &NamedPath) -> Option<String> {
    for row in TABLE {
        let Some(module) = row.modules.iter().find(|module| is_in(file, row.place, module)) else {
            continue;
        };
        if let Some(forbidden) = row.forbidden.iter().find(|forbidden| names(path, forbidden)) {
            let module = if module.is_empty() { row.place } else { module };
            return Some(format!("`{module}` must not know `{forbidden}`"));
        }
    }
    None
}

fn browser(file: &SourceFile, path: &NamedPath) -> Option<String> {
    let exempt = is_in(file, APP, "browser") || file.path == "src/main.rs";
    if exempt || !file.path.starts_with("src/") {
        return None;
    }
    let named = BROWSER_CRATES.iter().find(|name| names(path, name))?;
    let is_view = VIEWS.iter().any(|view| is_in(file, APP, view));
    if is_view && ELEMENT_TYPES.iter().any(|allowed| path.starts_with(allowed)) {
        return None;
    }
    Some(format!(
        "only `browser` names `{named}`; views may name types of elements and events"
    ))
}

fn other_page(file: &SourceFile, path: &NamedPath) -> Option<String> {
    if !is_in(file, APP, "pages") || !path.starts_with("crate::pages") {
        return None;
    }
    let module = module_of(&file.path);
    let (own, other) = (module.get(2)?, path.segments.get(2)?);
    (own != other).then(|| format!("the page `{own}` must not know the page `{other}`"))
}

/// Returns whether a file is, or is under, `module` of the crate with the source folder `place`.
fn is_in(file: &SourceFile, place: &str, module: &str) -> bool {
    let Some(inside) = file
        .path
        .strip_prefix(place)
        .and_then(|inside| inside.strip_prefix('/'))
    else {
        return false;
    };
    let found = module_of(inside);
    let mut found = found.iter().skip(1);
    module
        .split("::")
        .filter(|part| !part.is_empty())
        .all(|part| found.next().is_some_and(|name| matches(part, name)))
}

/// Returns whether a path matches a forbidden one: an item of this crate, a crate, or a function by its last segments.
fn names(path: &NamedPath, forbidden: &str) -> bool {
    if forbidden.starts_with(char::is_uppercase) {
        return path.ends_with(forbidden);
    }
    // A single name may be a variable; only a name before `::` is a crate.
    let is_path = path.segments.len() > 1;
    is_path && path.starts_with(forbidden)
}

#[cfg(test)]
mod tests {
    use super::{TABLE, imports, is_in};
    use crate::shell::root;
    use crate::tidy::source::read_all;
    use crate::tidy::tests::findings;

    fn broken(path: &str, text: &str) -> usize {
        findings(imports, path, text).len()
    }

    #[test]
    fn each_module_knows_only_its_neighbours() {
        for (path, text) in [
            ("src/browser/fetch.rs", "use crate::api::Client;"),
            ("src/sse/timer.rs", "fn a() { chrono::Utc::now(); }"),
            ("src/backoff.rs", "use chrono::Utc;\nfn a() { Utc::now(); }"),
            ("src/sse/driver.rs", "use crate::query::Client;"),
            ("src/query/cache/mod.rs", "use yew::Callback;"),
            ("src/query/use_query.rs", "use wire::Goal;"),
            ("src/query/use_query.rs", "use super::super::sse;"),
            ("src/invalidation.rs", "use crate::{browser::clock, query::Op};"),
            ("src/live.rs", "use crate::api;"),
            ("src/api/goals.rs", "use yew::prelude::*;"),
            ("src/resources/goals.rs", "use crate::sse::Status;"),
            ("src/components/toast.rs", "use crate::api::client::Client;"),
            ("src/pages/login.rs", "use crate::browser::storage;"),
            ("crates/wire/src/goal.rs", "use sqlx::FromRow;"),
            ("crates/server/src/store/goals.rs", "use axum::Json;"),
            ("crates/server/src/http/goals.rs", "fn a() { sqlx::query(b); }"),
        ] {
            assert_eq!(broken(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn what_flows_the_right_way_is_fine() {
        for (path, text) in [
            (
                "src/browser/event_source.rs",
                "use crate::sse::transport::Signal; use web_sys::EventSource;",
            ),
            ("src/sse/driver.rs", "use crate::browser::timer; use yew::Callback;"),
            ("src/query/client.rs", "use crate::browser::task; use yew::Callback;"),
            ("src/live.rs", "use crate::{invalidation, query, sse};"),
            ("src/components/toast.rs", "use crate::api::error::ApiError;"),
            ("src/query/cache.rs", "fn a(wire: u8) { wire.count_ones(); }"),
            ("crates/server/src/http/goals.rs", "use sqlx::SqlitePool;"),
            ("crates/server/src/store/goals.rs", "fn a() { sqlx::query(b); }"),
            ("tests/live_update.rs", "use web_sys::window; use crate::query;"),
        ] {
            assert_eq!(findings(imports, path, text), Vec::<String>::new(), "{path}: {text}");
        }
    }

    #[test]
    fn only_the_browser_module_names_the_browser() {
        for text in [
            "web_sys::window()",
            "js_sys::Date::now()",
            "use gloo_timers::callback::Timeout;",
        ] {
            assert_eq!(broken("src/session.rs", text), 1, "{text}");
            assert_eq!(broken("src/components/toast.rs", text), 1, "{text}");
            assert_eq!(broken("src/browser/timer.rs", text), 0, "{text}");
            assert_eq!(broken("src/main.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn views_may_import_event_types() {
        let text = "use web_sys::{HtmlInputElement, SubmitEvent};";
        assert_eq!(broken("src/components/form.rs", text), 0);
        assert_eq!(broken("src/pages/login.rs", text), 0);
        assert_eq!(broken("src/session.rs", text), 2);
        assert_eq!(
            broken("src/components/form.rs", "use web_sys::{Document, HtmlInputElement};"),
            1
        );
    }

    #[test]
    fn a_page_does_not_know_another() {
        assert_eq!(
            broken("src/pages/login.rs", "use crate::pages::dashboard::Dashboard;"),
            1
        );
        assert_eq!(
            broken(
                "src/pages/login/form.rs",
                "use crate::pages::login::parts; use super::parts;"
            ),
            0
        );
        assert_eq!(broken("src/pages/mod.rs", "pub use crate::pages::login::Login;"), 0);
    }

    #[test]
    fn every_module_of_the_table_exists() {
        let files = read_all(&root()).unwrap();
        for row in TABLE {
            for module in row.modules {
                let exists = files.iter().any(|file| is_in(file, row.place, module));
                assert!(
                    exists,
                    "the table speaks of `{module}` in {}, which is not there any more",
                    row.place
                );
            }
        }
    }

    #[test]
    fn a_finding_names_both_sides() {
        let found = findings(imports, "src/query/cache.rs", "//! Cache.\nuse crate::api::Client;");
        assert_eq!(found, ["2: `query::cache` must not know `crate::api`"]);
    }
}
