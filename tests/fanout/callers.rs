//! Callers without a store: as many as calls in flight, each asking one question after the other through a provider, whose
//! gate admits them and whose transport sends and reads.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use accord_annotate::provider::Provider;
use accord_store::SystemEnvironment;
use serde_json::{Value, json};

use crate::scripted::KEY;
use crate::work::text_of;

/// Whom to ask and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct CallersArguments {
    #[arg(long)]
    base_url: String,
    #[arg(long)]
    in_flight: usize,
    #[arg(long)]
    calls: usize,
}

/// Makes the calls, says when they are done, and stays until its standard input ends, so that it can be looked at.
pub(crate) async fn run(arguments: &CallersArguments) {
    // The answer that the first of two calls installs it is not needed.
    drop(rustls::crypto::ring::default_provider().install_default());
    let settings = json!({
        "base_url": arguments.base_url, "key_variable": "KEY", "concurrency": arguments.in_flight,
    });
    let settings = serde_json::from_value(settings).unwrap();
    let provider = Provider::new("scripted", settings, Arc::new(SystemEnvironment), |_| {
        Some(KEY.to_owned())
    });
    let provider = Arc::new(provider.unwrap());
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..arguments.in_flight).map(|_| {
        let (provider, next, calls) = (Arc::clone(&provider), Arc::clone(&next), arguments.calls);
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return;
                }
                let reply = provider.ask(&request(number)).await.unwrap();
                assert!(reply.body.contains("praise"), "{}", reply.body);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    println!("done");
    let wait = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
}

/// A request like those that annotators make.
fn request(number: usize) -> Value {
    let text = text_of(number);
    json!({
        "model": "model", "stream": false, "max_tokens": 200, "temperature": 0.0, "seed": 1,
        "messages": [
            { "role": "system", "content": "You read letters and answer with one JSON object." },
            { "role": "user", "content": format!("What does the letter want?\n<letter>\n{text}\n</letter>\n") },
        ],
        "response_format": { "type": "json_schema", "json_schema": { "name": "answers", "strict": true, "schema": {
            "type": "object", "additionalProperties": false, "required": ["label", "amount"],
            "properties": {
                "label": { "type": "string", "enum": ["praise", "complaint", "question"] },
                "amount": { "type": ["integer", "null"] },
            },
        }}},
    })
}
