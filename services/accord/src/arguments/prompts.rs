//! Arguments of the commands on prompt templates.

use std::path::PathBuf;

use accord_domain::{InputView, Order, PromptReference};
use clap::{Args, Subcommand};

const AFTER_PROMPT: &str = "Examples:
  accord prompt list
  accord prompt show extract > prompts/bills.md           a start for a template of your own
  accord prompt diff extract extract-paraphrase
  accord prompt render extract --project bills.toml --text bill.pdf --field-order reversed
  accord prompt try extract --project bills.toml --text bill.pdf --provider openai --model gpt-4.1-mini";

#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_PROMPT)]
pub(crate) enum PromptCommand {
    /// List the templates: those that come with the program and those of the configured folder.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a template's text; with a whole hash also one that was used once and has been changed since.
    Show {
        /// NAME, NAME@HASH, HASH or a file.
        #[arg(value_name = "PROMPT")]
        prompt: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Compare two templates line by line.
    Diff {
        /// NAME, NAME@HASH, HASH or a file.
        #[arg(value_name = "OLD")]
        old: String,
        /// NAME, NAME@HASH, HASH or a file.
        #[arg(value_name = "NEW")]
        new: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print exactly what a model would be sent about a document.
    Render(QuestionArguments),
    /// Ask a model once about a document and print its answers, tokens, money and time; nothing is stored.
    Try(QuestionArguments),
}

#[derive(Debug, Args)]
pub(crate) struct QuestionArguments {
    /// NAME or NAME@HASH.
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: PromptReference,
    /// Definition file of the project whose fields are asked.
    #[arg(long, value_name = "FILE")]
    pub(crate) project: PathBuf,
    /// The document: text, PDF or image.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// Take provider, model and parameters from this annotator of the project; flags win.
    #[arg(long, value_name = "NAME")]
    pub(crate) annotator: Option<String>,
    /// The provider of the configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The model.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// What of the document is shown: rows, reading_order, head_and_tail, page_image or file.
    #[arg(long, value_name = "VIEW", value_parser = view)]
    pub(crate) view: Option<InputView>,
    /// The order of fields and options: declared, reversed or shuffled:SEED.
    #[arg(long, value_name = "ORDER", value_parser = order)]
    pub(crate) field_order: Option<Order>,
    /// The order of the document's parts: declared, reversed or shuffled:SEED.
    #[arg(long, value_name = "ORDER", value_parser = order)]
    pub(crate) chunk_order: Option<Order>,
    /// The most examples to show, drawn from --gold.
    #[arg(long, value_name = "N")]
    pub(crate) examples: Option<u32>,
    /// The seed by which they are drawn.
    #[arg(long, value_name = "SEED")]
    pub(crate) examples_seed: Option<u32>,
    /// Documents with gold: JSONL, or a folder with NAME.gold.json beside each document.
    #[arg(long, value_name = "PATH")]
    pub(crate) gold: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn view(text: &str) -> Result<InputView, String> {
    let known = InputView::ALL.into_iter().find(|view| view.word() == text);
    known.ok_or_else(|| format!("use one of {}", InputView::ALL.map(InputView::word).join(", ")))
}

fn order(text: &str) -> Result<Order, String> {
    match text.split_once(':') {
        None if text == "declared" => Ok(Order::Declared),
        None if text == "reversed" => Ok(Order::Reversed),
        Some(("shuffled", seed)) => seed
            .parse()
            .map(Order::Shuffled)
            .map_err(|error| format!("the seed: {error}")),
        _ => Err("use declared, reversed or shuffled:SEED".to_owned()),
    }
}
