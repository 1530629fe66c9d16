//! `accord token`: access tokens of the API.

use accord_domain::{Scope, TokenId};
use accord_server::accounts::{NewToken, create_token};
use anyhow::Context;
use secrecy::ExposeSecret;

use crate::arguments::TokenCommand;
use crate::output::{complain, say, table};
use crate::wiring::House;

/// Milliseconds of a day.
const DAY_MILLISECONDS: i64 = 24 * 3600 * 1000;

pub(crate) async fn run(command: TokenCommand, house: &House) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create {
            name,
            scopes,
            project,
            days,
        } => create(house, name, &scopes, project.as_deref(), days).await,
        TokenCommand::List => list(house).await,
        TokenCommand::Revoke { id } => {
            let id: TokenId = id.parse()?;
            let mut transaction = house.store.write().await?;
            transaction.revoke_token(id, house.environment.now()).await?;
            transaction.commit().await?;
            say(&format!("token {id} withdrawn"));
            Ok(())
        }
    }
}

async fn create(
    house: &House,
    name: String,
    scopes: &[String],
    project: Option<&str>,
    days: Option<u32>,
) -> anyhow::Result<()> {
    let scopes = scopes
        .iter()
        .map(|word| word.parse::<Scope>().map_err(anyhow::Error::msg))
        .collect::<anyhow::Result<Vec<_>>>()
        .context("--scope takes admin, annotate, read-data or extract")?;
    let project_id = match project {
        Some(name) => Some(house.project(name).await?.id),
        None => None,
    };
    let expires_at = days.map(|days| {
        house
            .environment
            .now()
            .plus_milliseconds(i64::from(days) * DAY_MILLISECONDS)
    });
    let new = NewToken {
        name,
        scopes,
        project_id,
        expires_at,
    };
    let (token, secret) = create_token(house.store.as_ref(), house.environment.as_ref(), new).await?;
    complain(&format!("token {} created; its secret is shown only now:", token.id));
    say(secret.expose_secret());
    Ok(())
}

async fn list(house: &House) -> anyhow::Result<()> {
    let now = house.environment.now();
    let tokens = house.store.read().await?.list_tokens().await?;
    let rows = tokens
        .iter()
        .map(|token| {
            let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
            let state = match (token.revoked_at, token.expires_at) {
                (Some(_), _) => "withdrawn".to_owned(),
                (None, Some(end)) if end <= now => "expired".to_owned(),
                (None, Some(end)) => format!("until {end}"),
                (None, None) => "valid".to_owned(),
            };
            vec![token.id.to_string(), token.name.clone(), scopes.join(" "), state]
        })
        .collect();
    say(&table(&["identifier", "name", "scopes", "state"], 9, rows));
    Ok(())
}
