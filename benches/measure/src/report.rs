//! Tables, and what became of the budgets.

use std::process::ExitCode;

use crate::Result;
use crate::budgets::{Budgets, Verdict};

pub struct Report {
    budgets: Budgets,
    stands: Vec<String>,
    failed: Vec<String>,
}

impl Report {
    pub fn new(budgets: Budgets) -> Self {
        Self { budgets, stands: Vec::new(), failed: Vec::new() }
    }

    /// A cell with the budget of a figure that repeats exactly, where more is worse: beyond it the run fails, unless
    /// the miss stands.
    pub fn exact(&mut self, name: &str, figure: f64) -> Result<String> {
        match self.budgets.compare(name, figure)? {
            Verdict::Kept => {}
            Verdict::Stands(text) => self.stands.push(text),
            Verdict::Failed(text) => self.failed.push(text),
        }
        let budget = self.budgets.limit(name)?;
        Ok(cell('≤', budget, figure <= budget))
    }

    /// The same for a figure that varies, which is only reported.
    pub fn at_most(&self, name: &str, figure: f64) -> Result<String> {
        let budget = self.reported(name)?;
        Ok(cell('≤', budget, figure <= budget))
    }

    /// The same where less is worse. It may be less by as much as one and the same program differs from itself.
    pub fn at_least(&self, name: &str, figure: f64, spread: f64) -> Result<String> {
        let budget = self.reported(name)?;
        Ok(cell('≥', budget, figure >= budget - spread))
    }

    fn reported(&self, name: &str) -> Result<f64> {
        if self.budgets.stands(name) {
            return Err(format!("{name} varies, so no miss of it is recorded").into());
        }
        self.budgets.limit(name)
    }

    pub fn end(self) -> ExitCode {
        if !self.stands.is_empty() || !self.failed.is_empty() {
            println!();
        }
        for line in &self.stands {
            println!("{line}");
        }
        for line in &self.failed {
            println!("FAILED: {line}");
        }
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn cell(sign: char, budget: f64, kept: bool) -> String {
    format!("{sign} {budget}{}", if kept { "" } else { " **missed**" })
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
