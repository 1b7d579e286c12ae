//! The nginx block of `docs/deploy.md`, before a real server.
#![cfg(target_os = "linux")]

use std::net::TcpListener;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::common::{TestServer, soon, text, tuning};

const NAME: &str = "freshet.example.com";

/// The block as it is in the documentation.
fn block() -> &'static str {
    let documentation = include_str!("../../../../docs/deploy.md");
    let (_, rest) = documentation.split_once("```nginx\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// Replaces what is different on this machine.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "docs/deploy.md does not say {from:?}");
    text.replace(from, to)
}

struct Nginx {
    /// Ended when this is dropped.
    _process: Child,
    plain: u16,
    secure: u16,
}

impl Nginx {
    async fn before(server: &TestServer) -> Self {
        let folder = server.folder.path();
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [plain, secure] = free.each_ref().map(|socket| socket.local_addr().unwrap().port());
        let path = |name: &str| text(&folder.join(name)).to_owned();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={NAME}")])
            .args(["-keyout", &path("key.pem"), "-out", &path("certificate.pem")])
            .output();
        assert!(made.await.unwrap().status.success(), "there is no certificate");

        let mut block = replaced(block(), "listen 80;", &format!("listen 127.0.0.1:{plain};"));
        block = replaced(&block, "listen 443 ssl;", &format!("listen 127.0.0.1:{secure} ssl;"));
        if !knows_http2_directive().await {
            block = replaced(&block, "http2 on;", "#");
            block = replaced(&block, " ssl;\n", " ssl http2;\n");
        }
        block = replaced(&block, "/etc/ssl/freshet.pem", &path("certificate.pem"));
        block = replaced(&block, "/etc/ssl/freshet.key", &path("key.pem"));
        block = replaced(&block, "/srv/freshet/dist", &path("dist"));
        block = replaced(&block, "http://127.0.0.1:8080", &server.base);
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};", path(kind)))
            .join("\n");
        let config = format!(
            "daemon off; master_process off; user root; pid {}; error_log stderr;\nevents {{}}\nhttp {{\n\
             include /etc/nginx/mime.types; access_log off;\n{folders}\n{block}\n}}",
            path("nginx.pid")
        );
        std::fs::write(folder.join("nginx.conf"), config).unwrap();
        drop(free);
        let mut nginx = nginx();
        nginx.args(["-e", "stderr", "-c", &path("nginx.conf")]);
        let process = nginx.kill_on_drop(true).spawn().unwrap();
        soon("nginx listens", async {
            while tokio::net::TcpStream::connect(("127.0.0.1", secure)).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Self {
            _process: process,
            plain,
            secure,
        }
    }

    /// Asks by the name in the documentation, with these options of curl.
    fn curl(&self, path: &str, options: &[&str]) -> Command {
        let (scheme, port) = match path.strip_prefix("http:") {
            Some(_) => ("http", self.plain),
            None => ("https", self.secure),
        };
        let path = path.trim_start_matches("http:");
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--insecure",
            "--include",
            "--max-time",
            "20",
        ])
        .args(["--resolve", &format!("{NAME}:{port}:127.0.0.1")])
        .args(options)
        .arg(format!("{scheme}://{NAME}:{port}{path}"));
        curl
    }

    /// The answer, as text: status, headers, body.
    async fn ask(&self, path: &str, options: &[&str]) -> String {
        let output = self.curl(path, options).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).replace('\r', "")
    }

    fn origin(&self) -> String {
        format!("origin: https://{NAME}:{}", self.secure)
    }
}

fn nginx() -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut nginx = Command::new("nginx");
    nginx.env("PATH", format!("{path}:/usr/sbin"));
    nginx
}

/// Whether it is 1.25.1 or later.
async fn knows_http2_directive() -> bool {
    let output = nginx().arg("-v").output().await;
    let output = output.unwrap_or_else(|error| panic!("{error}: `cargo xtask setup --tests` installs nginx"));
    let text = String::from_utf8(output.stderr).unwrap();
    let (_, version) = text.trim().split_once('/').unwrap();
    let parts = version.split(['.', ' ']).filter_map(|part| part.parse::<u32>().ok());
    parts.collect::<Vec<_>>() >= vec![1, 25, 1]
}

/// A header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = answer.lines().take_while(|line| !line.is_empty());
    headers.find_map(|line| {
        let (each, value) = line.split_once(": ")?;
        each.eq_ignore_ascii_case(name).then_some(value)
    })
}

async fn line_with(lines: &mut Lines<BufReader<ChildStdout>>, part: &str) {
    soon(part, async {
        while !lines.next_line().await.unwrap().unwrap().contains(part) {}
    })
    .await;
}

#[tokio::test]
async fn documented_nginx_block_serves_the_app() {
    let server = TestServer::with(tuning(), &["--trusted-proxy", "127.0.0.1"]).await;
    std::fs::write(server.folder.path().join("dist/part-3f2a91c07be41d55.wasm"), "wasm").unwrap();
    let nginx = Nginx::before(&server).await;

    let plain = nginx.ask("http:/a?b=c", &[]).await;
    assert!(plain.starts_with("HTTP/1.1 301 "), "{plain}");
    assert_eq!(header(&plain, "location"), Some("https://freshet.example.com/a?b=c"));

    // Pages and files, with the headers that the server itself would send.
    let own = server.stranger().get("/").await;
    for path in ["/", "/login", "/coaching-sessions/7"] {
        let page = nginx.ask(path, &[]).await;
        assert!(
            page.starts_with("HTTP/2 200 ") && page.contains("<title>Freshet</title>"),
            "{page}"
        );
        for name in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
            assert_eq!(header(&page, name), Some(own.header(name)), "{name} of {path}");
        }
        assert_eq!(header(&page, "strict-transport-security"), Some("max-age=31536000"));
        assert_eq!(header(&page, "cache-control"), Some("no-cache"));
    }
    let script = nginx
        .ask("/app-3f2a91c07be41d55.js", &["--header", "accept-encoding: gzip"])
        .await;
    assert!(script.ends_with("gzip script"), "{script}");
    assert!(
        script.contains("max-age=31536000") && script.contains("public, immutable"),
        "{script}"
    );
    assert_eq!(header(&script, "strict-transport-security"), Some("max-age=31536000"));
    assert_eq!(header(&script, "x-content-type-options"), Some("nosniff"));
    let wasm = nginx.ask("/part-3f2a91c07be41d55.wasm", &[]).await;
    assert_eq!(header(&wasm, "content-type"), Some("application/wasm"));

    // Signing in, a stream that tells at once, and a change.
    let (origin, password) = (nginx.origin(), format!("password={}", server::DEMO_PASSWORD));
    let form = [
        "--header",
        &origin,
        "--data",
        "email=coach@example.com",
        "--data",
        &password,
    ];
    let signed_in = nginx.ask("/api/login", &form).await;
    let cookie = header(&signed_in, "set-cookie").unwrap_or_else(|| panic!("{signed_in}"));
    assert!(
        cookie.starts_with("__Host-freshet_") && cookie.contains("Secure"),
        "{cookie}"
    );
    let cookies = signed_in.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let cookies: Vec<_> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
    let cookie = format!("cookie: {}", cookies.join("; "));
    let mut stream = nginx.curl("/api/sse", &["--no-buffer", "--header", &cookie]);
    let mut stream = stream.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(stream.stdout.take().unwrap()).lines();
    line_with(&mut lines, "event: hello").await;
    let me = nginx.ask("/api/users/current", &["--header", &cookie]).await;
    let (_, body) = me.split_once("\n\n").unwrap();
    let me: serde_json::Value = serde_json::from_str(body).unwrap();
    let path = format!("/api/users/{}", me["data"]["id"].as_str().unwrap());
    let put = ["--request", "PUT", "--header", &origin, "--header", &cookie];
    let body = [
        "--header",
        "content-type: application/json",
        "--data",
        r#"{"display_name":"Cora"}"#,
    ];
    let changed = nginx.ask(&path, &[&put[..], &body].concat()).await;
    assert!(changed.starts_with("HTTP/2 200 "), "{changed}");
    line_with(&mut lines, "event: user_updated").await;
}
