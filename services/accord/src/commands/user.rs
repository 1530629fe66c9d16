//! `accord user`: accounts of people.

use std::io::{IsTerminal, Read};

use accord_domain::Role;
use accord_server::accounts::{Passwords, create_user, set_password};
use anyhow::{Context, bail};
use secrecy::SecretString;

use crate::arguments::UserCommand;
use crate::output::{say, table};
use crate::wiring::House;

pub(crate) async fn run(command: UserCommand, house: &House) -> anyhow::Result<()> {
    let (store, environment) = (house.store.as_ref(), house.environment.as_ref());
    let passwords = Passwords::new(house.configuration.http.password_cost);
    match command {
        UserCommand::Create { name, role } => {
            let role: Role = role
                .parse()
                .map_err(|problem| anyhow::anyhow!("{problem}: use annotator, reviewer or administrator"))?;
            let password = ask_password(&name)?;
            let user = create_user(store, environment, &passwords, &name, &password, role).await?;
            say(&format!("account `{}` created as {}", user.name, user.role.word()));
        }
        UserCommand::Password { name } => {
            let password = ask_password(&name)?;
            set_password(store, environment, &passwords, &name, &password).await?;
            say(&format!("new password set for `{name}`; its sessions have ended"));
        }
        UserCommand::List => {
            let users = store.read().await?.list_users().await?;
            let row = |user: &accord_domain::User| {
                let state = if user.active { "active" } else { "inactive" };
                vec![
                    user.name.clone(),
                    user.role.word().to_owned(),
                    state.to_owned(),
                    user.created_at.to_string(),
                ]
            };
            say(&table(
                &["name", "role", "state", "created"],
                9,
                users.iter().map(row).collect(),
            ));
        }
    }
    Ok(())
}

/// Asks at a terminal, twice; reads one line otherwise. Passwords are never arguments: those are seen by everybody on
/// the machine.
fn ask_password(name: &str) -> anyhow::Result<SecretString> {
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("Password for {name}: ")).context("no password was read")?;
        let again = rpassword::prompt_password("Once more: ").context("no password was read")?;
        if password != again {
            bail!("the two passwords differ");
        }
        return Ok(SecretString::from(password));
    }
    let mut text = String::new();
    std::io::stdin()
        .take(10_000)
        .read_to_string(&mut text)
        .context("no password was read from standard input")?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}
