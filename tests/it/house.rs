//! A house to test: a database, a folder of blobs, a server, credentials of every sort.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, PATIENCE};
use crate::database::{Database, DatabaseKind};
use crate::program::{Process, Surroundings, expect_success};

/// The password of every account.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// How much of each log is shown when a test fails.
const SHOWN_LOG_BYTES: usize = 12_000;

/// A house to test.
pub(crate) struct House {
    pub(crate) surroundings: Surroundings,
    port: u16,
    server: Option<Process>,
    serve_arguments: Vec<&'static str>,
    database: Option<Database>,
    folder: TempDir,
}

impl House {
    /// A house whose server runs, with workers inside.
    pub(crate) async fn open(kind: DatabaseKind) -> Self {
        Self::open_with(kind, &[], &[]).await
    }

    /// A house whose programs have these variables besides, and whose server has these flags.
    pub(crate) async fn open_with(
        kind: DatabaseKind,
        variables: &[(&str, &str)],
        serve_arguments: &[&'static str],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(kind, folder.path()).await;
        let port = free_port();
        let blobs = folder.path().join("blobs");
        let own = [
            ("ACCORD__DATABASE__URL", database.url.as_str()),
            ("ACCORD__BLOBS__FOLDER", blobs.to_str().unwrap()),
            ("ACCORD__SERVER__LISTEN", &format!("127.0.0.1:{port}")),
            // Dozens of accounts log in; how dear a guess is, is tested elsewhere.
            ("ACCORD__HTTP__PASSWORD_COST__MEMORY_KIBIBYTES", "8"),
            ("ACCORD__HTTP__PASSWORD_COST__ITERATIONS", "1"),
        ];
        let variables: BTreeMap<String, String> = own
            .iter()
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut house = Self {
            surroundings: Surroundings {
                folder: folder.path().to_owned(),
                variables,
            },
            port,
            server: None,
            serve_arguments: serve_arguments.to_vec(),
            database: Some(database),
            folder,
        };
        house.start_server().await;
        house
    }

    /// Starts the server and waits until it is ready.
    pub(crate) async fn start_server(&mut self) {
        self.spawn_server();
        self.wait_until_ready().await;
    }

    /// Starts the server without waiting.
    pub(crate) fn spawn_server(&mut self) {
        let arguments: Vec<&str> = std::iter::once("serve")
            .chain(self.serve_arguments.iter().copied())
            .collect();
        self.server = Some(self.surroundings.start("serve", &arguments));
    }

    pub(crate) async fn wait_until_ready(&mut self) {
        let client = self.client();
        let started = Instant::now();
        loop {
            let request = client.request(reqwest::Method::GET, "/readyz");
            if client.try_send(request).await.is_some_and(|reply| reply.status == 200) {
                return;
            }
            if let Some(status) = self.server.as_mut().and_then(Process::ended) {
                panic!("the server ended: {status}");
            }
            assert!(started.elapsed() < PATIENCE, "the server does not become ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends the server as a service manager does.
    pub(crate) async fn stop_server(&mut self) {
        let status = self.server.take().expect("the server runs").terminate().await;
        assert!(status.success(), "the server ended with {status}");
    }

    /// Kills the server.
    pub(crate) async fn kill_server(&mut self) {
        let mut server = self.server.take().expect("the server runs");
        let ended = server.ended();
        assert!(ended.is_none(), "the server ended by itself: {ended:?}");
        server.kill().await;
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A client without credentials.
    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://127.0.0.1:{}", self.port))
    }

    /// A client with a new token.
    pub(crate) async fn token(&self, scopes: &[&str], project: Option<&str>) -> Client {
        let mut arguments = vec!["token", "create", "test"];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        if let Some(project) = project {
            arguments.extend(["--project", project]);
        }
        let printed = self.surroundings.run(&arguments).await;
        self.client().with_token(printed.trim())
    }

    /// A client that may do everything.
    pub(crate) async fn administrator(&self) -> Client {
        self.token(&["admin"], None).await
    }

    /// Creates an account.
    pub(crate) async fn user(&self, name: &str, role: &str) {
        let arguments = ["user", "create", name, "--role", role];
        let output = self.surroundings.run_with_input(&arguments, PASSWORD).await;
        expect_success(&arguments, &output);
    }

    /// A client with a new session of this account.
    pub(crate) async fn session(&self, name: &str) -> Client {
        let client = self.client();
        let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        let reply = client
            .post_as("/login", "application/x-www-form-urlencoded", form)
            .await;
        assert_eq!(reply.status.as_u16(), 303, "login of {name}: {}", reply.text());
        let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        client.with_cookie(&cookie)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            show_logs(self.folder.path());
        }
        // Before its database goes.
        drop(self.server.take());
        drop(self.database.take());
    }
}

#[expect(clippy::print_stderr, reason = "whoever reads a failed test needs the logs")]
fn show_logs(folder: &Path) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "log") {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let tail = bytes
                .get(bytes.len().saturating_sub(SHOWN_LOG_BYTES)..)
                .unwrap_or_default();
            eprintln!("--- {} ---\n{}", path.display(), String::from_utf8_lossy(tail));
        }
    }
}

/// A port that nobody listens at, below those that the system gives to outgoing connections: one of those could take it
/// while the server is away.
fn free_port() -> u16 {
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(20_000..32_000))
        .find(is_free)
        .unwrap()
}

/// A template as the JSON that the API takes, under another name.
pub(crate) async fn template(house: &House, template: &str, name: &str) -> Value {
    let text = house.surroundings.run(&["project", "template", template]).await;
    let mut definition: Value = toml::from_str(&text).unwrap();
    definition["name"] = json!(name);
    definition
}
