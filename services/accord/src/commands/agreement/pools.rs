//! Pools of annotators: who is in which.

use accord_datasets::table_file::NameTable;
use anyhow::{Context, bail};

use crate::arguments::AgreementArguments;

/// Named pools; nobody is in two of them.
#[derive(Debug, Default)]
pub(super) struct Pools {
    pub(super) names: Vec<String>,
    /// For each annotator the pool.
    pub(super) of_annotator: Vec<Option<usize>>,
}

impl Pools {
    /// The pools that the arguments name.
    pub(super) fn of(arguments: &AgreementArguments, annotators: &NameTable) -> anyhow::Result<Self> {
        let mut pools = Self {
            names: Vec::new(),
            of_annotator: vec![None; annotators.len()],
        };
        for pool in &arguments.pools {
            let (name, members) = pool
                .split_once('=')
                .context("--pool is written NAME=ANNOTATOR,ANNOTATOR")?;
            let members: Vec<String> = members.split(',').map(|member| member.trim().to_owned()).collect();
            pools.add(name.trim(), &members, annotators)?;
        }
        if !arguments.humans.is_empty() {
            pools.add("humans", &arguments.humans, annotators)?;
        }
        if !arguments.models.is_empty() {
            pools.add("models", &arguments.models, annotators)?;
        }
        match (arguments.humans.is_empty(), arguments.models.is_empty()) {
            (false, true) => pools.add_rest("models"),
            (true, false) => pools.add_rest("humans"),
            _ => {}
        }
        if pools.names.len() == 1 {
            bail!("one pool has nothing to be compared with: name two with --pool, or use --humans or --models");
        }
        Ok(pools)
    }

    fn add(&mut self, name: &str, members: &[String], annotators: &NameTable) -> anyhow::Result<()> {
        if self.names.iter().any(|known| known == name) {
            bail!("pool `{name}` is there twice");
        }
        let place = self.names.len();
        self.names.push(name.to_owned());
        for member in members {
            let mut is_found = false;
            for (annotator, pool) in annotators.iter().zip(&mut self.of_annotator) {
                if !matches(member, &annotator.to_string()) {
                    continue;
                }
                is_found = true;
                match pool {
                    None => *pool = Some(place),
                    Some(other) if *other == place => {}
                    Some(other) => {
                        let other = self.names.get(*other).map_or("", String::as_str);
                        bail!("annotator `{annotator}` is in pool `{other}` and in pool `{name}`");
                    }
                }
            }
            if !is_found {
                let some: Vec<String> = annotators.iter().take(8).map(|name| name.to_string()).collect();
                bail!(
                    "no annotator is called `{member}`; there are {}: {} …",
                    annotators.len(),
                    some.join(", ")
                );
            }
        }
        Ok(())
    }

    /// Everybody who is in no pool.
    fn add_rest(&mut self, name: &str) {
        let place = self.names.len();
        self.names.push(name.to_owned());
        for pool in &mut self.of_annotator {
            pool.get_or_insert(place);
        }
    }
}

/// Whether a name has the form of a pattern, in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|start| name.strip_prefix(start)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = rest.get(place + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, name, expected) in [
            ("ann", "ann", true),
            ("ann", "anna", false),
            ("gpt*", "gpt-4/cot", true),
            ("*4*", "gpt-4/cot", true),
            ("*swap", "gpt-4/swap", true),
            ("g*4*t", "gpt-4/cot", true),
            ("g*5*t", "gpt-4/cot", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
