//! The built app.

use reqwest::Method;

use crate::common::{Answer, Person, TestServer, tuning};

async fn get(person: &Person, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = person.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    person.send(request).await
}

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn app_routes_serve_the_index_page() {
    let server = TestServer::start().await;
    let anybody = server.stranger();
    for path in [
        "/",
        "/index.html",
        "/login",
        "/login?reason=expired",
        "/coaching-sessions/7",
        "/dashboard/test-sse",
    ] {
        let answer = get(&anybody, path, &[PAGE]).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(answer.text.contains("<title>Freshet</title>"));
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    // What is fetched rather than visited is there or not.
    for (path, headers) in [
        ("/login", &[][..]),
        ("/gone.js", &[PAGE][..]),
        ("/a/gone.wasm", &[]),
        ("/..%2fdata", &[]),
    ] {
        let answer = get(&anybody, path, headers).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text.contains("Freshet"));
    }
    assert_eq!(
        anybody
            .send(anybody.request(Method::POST, "/login").header("accept", "text/html"))
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn hashed_files_are_immutable_and_compressed() {
    let server = TestServer::start().await;
    let anybody = server.stranger();
    let script = "/app-3f2a91c07be41d55.js";
    let plain = get(&anybody, script, &[]).await;
    assert_eq!(plain.text, "plain script");
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(plain.header("content-type").contains("javascript"));
    for (accepts, encoding, text) in [("gzip, br", "br", "brotli script"), ("gzip", "gzip", "gzip script")] {
        let answer = get(&anybody, script, &[("accept-encoding", accepts)]).await;
        assert_eq!(
            (answer.header("content-encoding"), answer.text.as_str()),
            (encoding, text)
        );
        assert!(answer.header("content-type").contains("javascript"));
        assert!(answer.header("vary").contains("accept-encoding"));
    }
    let icon = get(&anybody, "/favicon.svg", &[]).await;
    assert_eq!(
        (icon.header("cache-control"), icon.header("content-type")),
        ("no-cache", "image/svg+xml")
    );
    let gone = get(&anybody, "/app-00000000deadbeef.js", &[]).await;
    assert_eq!(
        (gone.status, gone.header("cache-control")),
        (404, "no-cache"),
        "not kept for ever"
    );
    let again = get(&anybody, "/favicon.svg", &[("if-none-match", icon.header("etag"))]).await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn everything_carries_the_headers_that_protect_a_page() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    for answer in [
        get(&coach, "/", &[PAGE]).await,
        get(&coach, "/gone.js", &[]).await,
        get(&coach, "/api/users/current", &[]).await,
        get(&coach, "/api/nothing", &[]).await,
        get(&coach, "/healthz", &[]).await,
    ] {
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("camera=()"));
        for version in ["server", "x-powered-by", "via"] {
            assert!(!answer.headers.contains_key(version), "{version}");
        }
    }
    assert_eq!(
        get(&coach, "/api/users/current", &[]).await.header("cache-control"),
        "no-store"
    );
    assert!(coach.stream().await.headers.contains_key("content-security-policy"));
}

#[tokio::test]
async fn only_files_of_known_kinds_are_served() {
    let server = TestServer::start().await;
    let anybody = server.stranger();
    let dist = server.folder.path().join("dist");
    std::fs::create_dir(dist.join(".git")).unwrap();
    let hidden = [
        "index.html.bak",
        "index.html~",
        ".git/config.json",
        ".env",
        "freshet.db",
        "README",
        "app.rs",
    ];
    for name in hidden {
        std::fs::write(dist.join(name), "secret").unwrap();
    }
    for name in hidden {
        for path in [format!("/{name}"), format!("/{}", name.replace('.', "%2e"))] {
            let answer = get(&anybody, &path, &[]).await;
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (404, "no-cache"),
                "{path}: {answer:?}"
            );
        }
    }
    std::fs::write(dist.join("icon.PNG"), "shown").unwrap();
    assert_eq!(get(&anybody, "/icon.PNG", &[]).await.text, "shown");
}

#[tokio::test]
async fn texts_say_their_character_set() {
    let server = TestServer::start().await;
    let anybody = server.stranger();
    std::fs::write(server.folder.path().join("dist/style.css"), "a{}").unwrap();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/app-3f2a91c07be41d55.js", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ] {
        assert_eq!(get(&anybody, path, &[]).await.header("content-type"), kind, "{path}");
    }
}

#[tokio::test]
async fn overlong_file_name_is_404() {
    let server = TestServer::start().await;
    let anybody = server.stranger();
    let (long, path) = ("x".repeat(256), "x/".repeat(3_000));
    for path in [
        format!("/{long}.js"),
        format!("/{}.js", "x".repeat(250)),
        format!("/{long}/app.js"),
        format!("/{}.js", "%C3%BC".repeat(128)),
        format!("/{path}app.js"),
    ] {
        for headers in [&[][..], &[("accept-encoding", "gzip, br")]] {
            let answer = get(&anybody, &path, headers).await;
            assert_eq!(answer.status, 404, "{} letters: {answer:?}", path.len());
        }
    }
}

#[tokio::test]
async fn if_range_guards_partial_content() {
    let server = TestServer::start().await;
    let anybody = server.stranger();
    let script = "/app-3f2a91c07be41d55.js";
    let range = ("range", "bytes=6-11");
    let whole = get(&anybody, script, &[]).await;
    let (tag, date) = (whole.header("etag"), whole.header("last-modified"));
    let weak = format!("W/{tag}");
    for (validator, status, text) in [
        (tag, 206, "script"),
        (date, 206, "script"),
        ("\"another\"", 200, "plain script"),
        (weak.as_str(), 200, "plain script"),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 200, "plain script"),
        ("nonsense", 200, "plain script"),
    ] {
        let answer = get(&anybody, script, &[range, ("if-range", validator)]).await;
        assert_eq!((answer.status, answer.text.as_str()), (status, text), "{validator}");
        assert_eq!(answer.header("cache-control"), whole.header("cache-control"));
    }
    assert_eq!(get(&anybody, script, &[range]).await.status, 206);
    let answer = get(&anybody, script, &[("if-range", "\"another\"")]).await;
    assert_eq!(answer.status, 200, "there is no part to be sent");
    // A part beyond the end of another file is no mistake.
    let beyond = [("range", "bytes=900-"), ("if-range", "\"another\"")];
    assert_eq!(get(&anybody, script, &beyond).await.text, "plain script");
}

/// Trunk writes such a page. The hash is the example of CSP level 3, 8.3.
#[tokio::test]
async fn script_of_the_page_may_run() {
    let folder = tempfile::tempdir().unwrap();
    let dist = crate::common::dist(&folder);
    let page = "<!doctype html><script type=\"module\">doSomething();</script>";
    std::fs::write(dist.join("index.html"), page).unwrap();
    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    let answer = get(&server.stranger(), "/", &[PAGE]).await;
    let policy = answer.header("content-security-policy");
    let hash = "script-src 'self' 'wasm-unsafe-eval' 'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc=';";
    assert!(policy.contains(hash), "{policy}");
    assert!(!policy.contains("unsafe-inline"));
}
