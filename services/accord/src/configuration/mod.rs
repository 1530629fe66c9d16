//! The configuration: one commented TOML file with defaults inside the program, an overlay of the operator's file, of
//! environment variables, and of flags; checked as a whole at start.

mod overlay;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use accord_annotate::prompt::PromptLibrary;
use accord_annotate::provider::ProviderSettings;
use accord_documents::Limits;
use accord_server::ServerSettings;
use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use toml::Table;

/// The defaults, with a comment on every key.
pub(crate) const DEFAULTS: &str = include_str!("default.toml");

/// Everything an operator may set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configuration {
    pub(crate) server: ServerSection,
    pub(crate) http: ServerSettings,
    pub(crate) database: DatabaseSection,
    pub(crate) blobs: BlobsSection,
    pub(crate) prompts: PromptsSection,
    pub(crate) workers: WorkersSection,
    pub(crate) documents: DocumentsSection,
    pub(crate) logging: LoggingSection,
    #[serde(default)]
    pub(crate) providers: BTreeMap<String, ProviderSettings>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSection {
    pub(crate) listen: String,
    pub(crate) workers: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSection {
    /// May hold a password: never shown.
    url: SecretString,
    url_file: PathBuf,
    pub(crate) connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlobsSection {
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptsSection {
    folder: PathBuf,
}

/// The most tasks that one process runs at the same time.
const MOST_TASKS: usize = 4096;

/// Tasks that run at the same time for each call that a provider takes, where that is not set.
const TASKS_PER_CALL: usize = 4;

/// The same for annotators that make no calls.
const TASKS_WITHOUT_CALLS: usize = 16;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkersSection {
    concurrency: Option<usize>,
    pub(crate) scorers: usize,
    pub(crate) lease_seconds: u64,
    pub(crate) deadline_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentsSection {
    bytes: u64,
    pages: u64,
    time_milliseconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoggingSection {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the data lives.
pub(crate) enum Database {
    /// A file of the embedded database.
    Sqlite(PathBuf),
    /// A server; the address holds its password.
    Postgres(SecretString),
}

impl Configuration {
    /// Reads the defaults, the file, and the environment, and checks the whole.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::from_parts(file, std::env::vars())
    }

    fn from_parts(file: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let mut table: Table = DEFAULTS.parse().context("the built-in defaults cannot be read")?;
        let environment = overlay::of_environment(variables, &table);
        if let Some(file) = file {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("configuration file {} cannot be read", file.display()))?;
            let set = text
                .parse()
                .with_context(|| format!("configuration file {} is not TOML", file.display()))?;
            overlay::lay_over(&mut table, set);
            Self::from_table(table.clone()).with_context(|| format!("configuration file {}", file.display()))?;
        }
        overlay::lay_over(&mut table, environment);
        let configuration = Self::from_table(table).context("environment variables ACCORD__...")?;
        configuration.check()?;
        Ok(configuration)
    }

    /// Errors name the place, such as `server.listen`.
    fn from_table(table: Table) -> anyhow::Result<Self> {
        serde_path_to_error::deserialize(table).map_err(|error| {
            let problem = error.inner().to_string();
            // Further lines repeat the place.
            anyhow::anyhow!("{}: {}", error.path(), problem.lines().next().unwrap_or_default())
        })
    }

    fn check(&self) -> anyhow::Result<()> {
        self.server.listen.parse::<std::net::SocketAddr>().with_context(|| {
            format!(
                "[server] listen `{}`: expected an address such as 127.0.0.1:8080",
                self.server.listen
            )
        })?;
        let numbers = [
            (
                "[workers] concurrency",
                self.workers.concurrency.unwrap_or(1),
                1,
                MOST_TASKS,
            ),
            ("[workers] scorers", self.workers.scorers, 1, 64),
            (
                "[workers] lease_seconds",
                usize::try_from(self.workers.lease_seconds).unwrap_or(usize::MAX),
                3,
                3600,
            ),
            (
                "[workers] deadline_seconds",
                usize::try_from(self.workers.deadline_seconds).unwrap_or(usize::MAX),
                10,
                86_400,
            ),
            ("[database] connections", self.database.connections as usize, 2, 1000),
        ];
        for (name, value, low, high) in numbers {
            if value < low || value > high {
                bail!("{name} is {value}: expected {low} to {high}");
            }
        }
        self.http.check().map_err(|error| anyhow::anyhow!("[http] {error}"))?;
        self.database.location()?;
        Ok(())
    }

    /// Tasks of automatic annotators that run at the same time in one process: as many as are set, else enough to keep every
    /// provider busy while others are prepared and written down.
    pub(crate) fn tasks_at_once(&self) -> usize {
        let calls = self.providers.values().map(|settings| settings.concurrency);
        let enough = calls.fold(TASKS_WITHOUT_CALLS, |sum, calls| {
            sum.saturating_add(calls.saturating_mul(TASKS_PER_CALL))
        });
        self.workers.concurrency.unwrap_or(enough.min(MOST_TASKS))
    }

    /// The prompt templates: the built-in ones and those of the folder, if one is set.
    pub(crate) fn prompt_library(&self) -> anyhow::Result<PromptLibrary> {
        let folder = Some(self.prompts.folder.as_path()).filter(|folder| !folder.as_os_str().is_empty());
        Ok(PromptLibrary::open(folder)?)
    }

    /// The limits on documents.
    pub(crate) fn document_limits(&self) -> Limits {
        Limits {
            bytes: self.documents.bytes,
            pages: self.documents.pages,
            time_milliseconds: self.documents.time_milliseconds,
            ..Limits::default()
        }
    }
}

impl DatabaseSection {
    /// Where the data lives.
    pub(crate) fn location(&self) -> anyhow::Result<Database> {
        let url = if self.url_file.as_os_str().is_empty() {
            self.url.clone()
        } else {
            let text = std::fs::read_to_string(&self.url_file)
                .with_context(|| format!("[database] url_file {} cannot be read", self.url_file.display()))?;
            SecretString::from(text.trim().to_owned())
        };
        let text = url.expose_secret();
        if let Some(file) = text.strip_prefix("sqlite:") {
            let file = file.strip_prefix("//").unwrap_or(file);
            if file.is_empty() || file == ":memory:" {
                bail!("[database] url: expected sqlite:FILE; what is in memory only would not outlive the command");
            }
            return Ok(Database::Sqlite(PathBuf::from(file)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Database::Postgres(url));
        }
        bail!("[database] url: expected sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME")
    }

    /// Replaces the address, as a flag does.
    pub(crate) fn set_url(&mut self, url: SecretString) {
        self.url = url;
        self.url_file = PathBuf::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> anyhow::Result<Configuration> {
        let variables = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Configuration::from_parts(None, variables)
    }

    #[test]
    fn the_defaults_are_valid() {
        let configuration = with(&[]).unwrap();
        assert!(matches!(
            configuration.database.location().unwrap(),
            Database::Sqlite(_)
        ));
    }

    #[test]
    fn misspelt_keys_and_impossible_values_are_refused() {
        for (name, value, expected) in [
            ("ACCORD__SERVER__LISTN", "x", "listn"),
            ("ACCORD__SERVER__LISTEN", "nowhere", "[server] listen"),
            ("ACCORD__DATABASE__URL", "mysql://x", "[database] url"),
            ("ACCORD__WORKERS__CONCURRENCY", "0", "[workers] concurrency"),
            ("ACCORD__LOGGING__FORMAT", "xml", "format"),
        ] {
            let error = format!("{:#}", with(&[(name, value)]).unwrap_err());
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn providers_decide_how_many_tasks_run_at_once() {
        assert_eq!(with(&[]).unwrap().tasks_at_once(), 16);
        let providers = [
            ("ACCORD__PROVIDERS__ONE__BASE_URL", "http://one.example"),
            ("ACCORD__PROVIDERS__ONE__CONCURRENCY", "100"),
            ("ACCORD__PROVIDERS__TWO__BASE_URL", "http://two.example"),
        ];
        assert_eq!(with(&providers).unwrap().tasks_at_once(), 16 + 4 * (100 + 8));
        let set = [&providers[..], &[("ACCORD__WORKERS__CONCURRENCY", "3")]].concat();
        assert_eq!(with(&set).unwrap().tasks_at_once(), 3);
        let many = [&providers[..1], &[("ACCORD__PROVIDERS__ONE__CONCURRENCY", "5000")]].concat();
        assert_eq!(with(&many).unwrap().tasks_at_once(), 4096);
    }

    #[test]
    fn the_database_password_is_not_shown() {
        let configuration = with(&[("ACCORD__DATABASE__URL", "postgres://accord:hunter2@localhost/accord")]).unwrap();
        assert!(!format!("{configuration:?}").contains("hunter2"));
    }
}
