//! `budgets.toml`: a number for each figure, and the misses that stand.

use std::collections::BTreeMap;

use crate::{Result, programs};

#[derive(Debug, Default)]
pub struct Budgets {
    /// From `section.name` to the number.
    limits: BTreeMap<String, f64>,
    /// From the same names.
    stands: BTreeMap<String, Stand>,
}

/// A known miss: what the figure must not grow beyond, and why it is not within its budget.
#[derive(Debug, Default)]
struct Stand {
    at_most: f64,
    cause: String,
}

/// What a figure comes to that repeats exactly.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    Kept,
    Stands(String),
    Failed(String),
}

impl Budgets {
    pub fn read() -> Result<Self> {
        Self::parse(&std::fs::read_to_string(programs::home().join("budgets.toml"))?)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut budgets = Self::default();
        let mut section = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            let (key, value) = line.split_once('=').ok_or_else(|| format!("not understood: {line}"))?;
            let (key, value) = (key.trim(), value.trim());
            let Some(figure) = section.strip_prefix("stands.") else {
                budgets.limits.insert(format!("{section}.{key}"), value.parse()?);
                continue;
            };
            let stand = budgets.stands.entry(figure.trim_matches('"').to_owned()).or_default();
            match key {
                "at_most" => stand.at_most = value.parse()?,
                "cause" => stand.cause = value.trim_matches('"').to_owned(),
                _ => return Err(format!("not understood: {line}").into()),
            }
        }
        for (name, stand) in &budgets.stands {
            if stand.at_most <= budgets.limit(name)? || stand.cause.is_empty() {
                return Err(format!("the miss of {name} needs a cause, and an at_most beyond the budget").into());
            }
        }
        Ok(budgets)
    }

    pub fn limit(&self, name: &str) -> Result<f64> {
        self.limits.get(name).copied().ok_or_else(|| format!("budgets.toml has no {name}").into())
    }

    pub fn stands(&self, name: &str) -> bool {
        self.stands.contains_key(name)
    }

    /// More is worse.
    pub fn compare(&self, name: &str, figure: f64) -> Result<Verdict> {
        let limit = self.limit(name)?;
        let shown = (figure * 1000.0).round() / 1000.0;
        Ok(match self.stands.get(name) {
            None if figure <= limit => Verdict::Kept,
            None => Verdict::Failed(format!("{name} missed: {limit}, is {shown}")),
            Some(_) if figure <= limit => {
                Verdict::Failed(format!("{name} is {shown}, within {limit}: remove the record of its miss"))
            }
            Some(Stand { at_most, cause }) if figure <= *at_most => {
                Verdict::Stands(format!("{name} missed: {limit}, stands at {shown} (at most {at_most}): {cause}"))
            }
            Some(Stand { at_most, .. }) => {
                Verdict::Failed(format!("{name} missed: {limit}, is {shown}, and may stand at {at_most} at most"))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
        # A comment.
        [footprint]
        kept = 8
        missed = 48

        [stands.\"footprint.missed\"]
        at_most = 130.5
        cause = \"what it does\"
    ";

    fn compare(name: &str, figure: f64) -> Verdict {
        Budgets::parse(TEXT).unwrap().compare(name, figure).unwrap()
    }

    fn failure(verdict: Verdict) -> String {
        match verdict {
            Verdict::Failed(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn within_the_budget_is_fine_up_to_the_budget_itself() {
        assert_eq!(compare("footprint.kept", 7.9), Verdict::Kept);
        assert_eq!(compare("footprint.kept", 8.0), Verdict::Kept);
    }

    #[test]
    fn beyond_the_budget_fails_without_a_record() {
        assert_eq!(failure(compare("footprint.kept", 8.001)), "footprint.kept missed: 8, is 8.001");
        failure(compare("footprint.kept", f64::NAN));
    }

    #[test]
    fn a_recorded_miss_stands_up_to_its_record() {
        for figure in [48.001, 130.5] {
            let text = format!("footprint.missed missed: 48, stands at {figure} (at most 130.5): what it does");
            assert_eq!(compare("footprint.missed", figure), Verdict::Stands(text));
        }
    }

    #[test]
    fn a_recorded_miss_fails_beyond_its_record() {
        let text = failure(compare("footprint.missed", 130.501));
        assert_eq!(text, "footprint.missed missed: 48, is 130.501, and may stand at 130.5 at most");
    }

    #[test]
    fn a_record_that_is_not_needed_any_more_fails() {
        let text = failure(compare("footprint.missed", 48.0));
        assert!(text.ends_with("remove the record of its miss"), "{text}");
    }

    #[test]
    fn a_record_needs_a_budget_a_cause_and_room() {
        for (from, to) in [
            ("[stands.\"footprint.missed\"]", "[stands.\"footprint.misspelt\"]"),
            ("cause = \"what it does\"", ""),
            ("at_most = 130.5", ""),
            ("at_most = 130.5", "at_most = 48"),
            ("at_most = 130.5", "most = 130.5"),
        ] {
            let text = TEXT.replace(from, to);
            assert_ne!(text, TEXT);
            assert!(Budgets::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_file_is_understood() {
        Budgets::read().unwrap();
    }
}
