//! Tables, and what became of the budgets.

use std::process::ExitCode;

use crate::Result;
use crate::budgets::Budgets;

pub struct Report {
    budgets: Budgets,
    missed: Vec<String>,
}

/// Whether a figure repeats exactly, so that missing its budget is a failure.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Exact,
    Varies,
}

impl Report {
    pub fn new(budgets: Budgets) -> Self {
        Self { budgets, missed: Vec::new() }
    }

    /// A cell with the budget, and whether the figure keeps it. More is worse.
    pub fn at_most(&mut self, name: &str, figure: f64, kind: Kind) -> Result<String> {
        let budget = self.budget(name)?;
        Ok(self.judged(name, figure <= budget, format!("≤ {budget}"), kind))
    }

    /// The same where less is worse.
    pub fn at_least(&mut self, name: &str, figure: f64, kind: Kind) -> Result<String> {
        let budget = self.budget(name)?;
        Ok(self.judged(name, figure >= budget, format!("≥ {budget}"), kind))
    }

    fn budget(&self, name: &str) -> Result<f64> {
        self.budgets.get(name).copied().ok_or_else(|| format!("budgets.toml has no {name}").into())
    }

    fn judged(&mut self, name: &str, kept: bool, budget: String, kind: Kind) -> String {
        if kept {
            return budget;
        }
        if kind == Kind::Exact {
            self.missed.push(name.to_owned());
        }
        format!("{budget} **missed**")
    }

    pub fn end(self) -> ExitCode {
        if self.missed.is_empty() {
            return ExitCode::SUCCESS;
        }
        println!("\nMissed: {}.", self.missed.join(", "));
        ExitCode::FAILURE
    }
}

/// Prints a table in Markdown; the first row is the head.
pub fn table(title: &str, rows: &[Vec<String>]) {
    println!("\n### {title}\n");
    for (number, row) in rows.iter().enumerate() {
        println!("| {} |", row.join(" | "));
        if number == 0 {
            println!("|{}", " --- |".repeat(row.len()));
        }
    }
}

#[macro_export]
macro_rules! row {
    ($($cell:expr),+ $(,)?) => {
        vec![$($cell.to_string()),+]
    };
}
