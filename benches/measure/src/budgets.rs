//! `budgets.toml`: sections, and a number under each name.

use std::collections::BTreeMap;

use crate::{Result, programs};

/// From `section.name` to the number.
pub type Budgets = BTreeMap<String, f64>;

pub fn read() -> Result<Budgets> {
    parse(&std::fs::read_to_string(programs::home().join("budgets.toml"))?)
}

fn parse(text: &str) -> Result<Budgets> {
    let mut section = "";
    let mut budgets = Budgets::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else {
            let (name, number) = line.split_once('=').ok_or_else(|| format!("not understood: {line}"))?;
            budgets.insert(format!("{section}.{}", name.trim()), number.trim().parse()?);
        }
    }
    Ok(budgets)
}
