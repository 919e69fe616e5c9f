//! The jobs: a line of the file of prompts each.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::journal::Mark;

/// What every model takes.
const LARGEST_SEED: u64 = 2_147_483_637;

pub struct Job {
    pub mark: Mark,
    pub line: usize,
    pub prompt: String,
}

impl Job {
    pub fn name(&self) -> String {
        format!("line {}", self.line)
    }
}

pub fn jobs(path: &Path) -> Result<Vec<Job>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut copies: HashMap<&str, usize> = HashMap::new();
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    let jobs = lines.filter(|(_, prompt)| !prompt.is_empty()).map(|(index, prompt)| {
        let copies = copies.entry(prompt).or_default();
        *copies += 1;
        let mark = Mark { prompt: format!("{:032x}", fnv(prompt)), copy: *copies };
        Job { mark, line: index + 1, prompt: prompt.to_owned() }
    });
    Ok(jobs.collect())
}

/// FNV-1a with 128 bits: the same in every version of this program.
fn fnv(text: &str) -> u128 {
    let start = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    text.bytes().fold(start, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b))
}

/// A seed that no other program can draw by being started alike.
pub fn random_seed() -> Result<i64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes)?;
    Ok((u64::from_le_bytes(bytes) % (LARGEST_SEED + 1)) as i64)
}
