//! The program as processes: found, started, killed, its logs kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// How long a command may take on a busy machine.
const COMMAND_DEADLINE: Duration = Duration::from_secs(180);

/// How long a process may take to end after it was asked to.
const END_DEADLINE: Duration = Duration::from_secs(60);

/// Where the program is: named by `ACCORD_BINARY`, or built beside the tests.
pub(crate) fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("ACCORD_BINARY") {
        return PathBuf::from(named);
    }
    let tests = std::env::current_exe().unwrap();
    // target/debug/deps/it-<hash>
    let program = tests.parent().and_then(Path::parent).unwrap().join("accord");
    assert!(
        program.exists(),
        "{} is missing: run `cargo build -p accord`, or name the program in ACCORD_BINARY",
        program.display()
    );
    program
}

/// Everything that processes of one test share: their environment and their folder.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) folder: PathBuf,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Surroundings {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("ACCORD_CONFIG")
            .envs(&self.variables)
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end with this on its standard input.
    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let ended = tokio::time::timeout(COMMAND_DEADLINE, child.wait_with_output()).await;
        ended
            .unwrap_or_else(|_| panic!("`accord {}` did not end", arguments.join(" ")))
            .unwrap()
    }

    /// Runs a command that must succeed and returns what it printed.
    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        let output = self.run_with_input(arguments, "").await;
        expect_success(arguments, &output)
    }

    /// Starts a process whose log goes to a file of that name in the folder.
    pub(crate) fn start(&self, name: &str, arguments: &[&str]) -> Process {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join(format!("{name}.log")))
            .unwrap();
        let child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Process { child }
    }
}

/// What a command printed, after checking that it succeeded.
pub(crate) fn expect_success(arguments: &[&str], output: &Output) -> String {
    assert!(
        output.status.success(),
        "`accord {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A running process; killed when this value goes.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Its number in the system, while it runs.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// Kills it without a chance to tidy up.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, as a service manager does, and waits.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let id = self.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(asked.success());
        let ended = tokio::time::timeout(END_DEADLINE, self.child.wait()).await;
        ended.expect("the process did not end after SIGTERM").unwrap()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}
