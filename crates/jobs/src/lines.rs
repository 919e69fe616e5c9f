//! Submissions as text: a prompt or a JSON object on each line.

use std::collections::{HashMap, HashSet};

use leonardo_ai::models::{Cost, CostUnit, CreateGenerationRequest};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use crate::{Error, Money, Submission};

/// The longest line, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// So many bad lines are told one by one.
const TOLD: usize = 20;

/// Submissions as text, read from any source: each line is a prompt or, if it begins with `{`, a JSON object with the fields of
/// a create under their names on the wire. Empty lines count for nothing.
///
/// Beside those fields an object may have `key`, which the caller knows the job by, and `cost`, what it may cost at most, as in
/// `{"amount": "7", "unit": "CREDITS"}`. A line without a key gets one that is made of its request, so that the same text is
/// the same jobs, however often it is submitted; lines that are equal are jobs of their own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), leonardo_ai_jobs::Error> {
/// use leonardo_ai::models::CreateGenerationRequest;
/// use leonardo_ai_jobs::Lines;
///
/// let text = "a pier\n{\"prompt\": \"a harbour\", \"width\": 512, \"key\": \"harbour-1\"}\n";
/// let template = CreateGenerationRequest::new("").num_images(1);
/// let mut lines = Lines::new(text.as_bytes(), &template)?;
/// assert_eq!(lines.next().await?.unwrap().request.prompt, "a pier");
/// assert_eq!(lines.next().await?.unwrap().key, "harbour-1");
/// assert!(lines.next().await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    template: Map<String, Value>,
    series: String,
    cost: Option<(Money, CostUnit)>,
    number: u64,
    /// How often a request without a key was there, by its digest.
    copies: HashMap<u128, u32>,
    /// What each key was for, by their digests.
    keys: HashMap<u128, u128>,
    seeds: HashSet<i64>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Reads lines. What a line does not say is taken from `template`, whose prompt counts for nothing.
    ///
    /// # Errors
    ///
    /// The template cannot be written as JSON.
    pub fn new(reader: R, template: &CreateGenerationRequest) -> Result<Self, Error> {
        let Value::Object(mut template) = serde_json::to_value(template)? else {
            return Err(Error::Unknown("a request that is no object".into()));
        };
        template.retain(|_, value| !value.is_null());
        let (copies, keys) = (HashMap::new(), HashMap::new());
        Ok(Self { reader, template, series: String::new(), cost: None, number: 0, copies, keys, seeds: HashSet::new() })
    }

    /// Lines without a key are other jobs than the same lines of another series.
    pub fn series(mut self, name: impl Into<String>) -> Self {
        self.series = name.into();
        self
    }

    /// What each may cost at most, where its line does not say it.
    pub fn cost(mut self, cost: Money, unit: CostUnit) -> Self {
        self.cost = Some((cost, unit));
        self
    }

    /// The next submission; `None` at the end. After a bad line it can go on with the one after it.
    ///
    /// # Errors
    ///
    /// [`Error::Lines`] if the line is none, [`Error::Io`] if it cannot be read.
    pub async fn next(&mut self) -> Result<Option<Submission>, Error> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = (&mut self.reader).take(LONGEST + 1).read_until(b'\n', &mut bytes).await?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read as u64 > LONGEST {
                self.skip_rest(&bytes).await?;
                return Err(self.bad(format!("longer than {LONGEST} bytes")));
            }
            let text = std::str::from_utf8(&bytes).map_err(|_| self.bad("not UTF-8"))?;
            let text = if self.number == 1 { text.trim_start_matches('\u{feff}') } else { text };
            if !text.trim().is_empty() {
                let text = text.trim().to_owned();
                return self.submission(&text).map(Some).map_err(|problem| self.bad(problem));
            }
        }
    }

    /// Reads all of it, and tells how many submissions it has. Then nothing is left to read.
    ///
    /// # Errors
    ///
    /// [`Error::Lines`] with all bad lines, of which the first 20 are told; [`Error::Io`] if it cannot be read.
    pub async fn check(&mut self) -> Result<u64, Error> {
        let (mut count, mut bad) = (0, BadLines::default());
        loop {
            match self.next().await {
                Ok(Some(_)) => count += 1,
                Ok(None) if bad.count == 0 => return Ok(count),
                Ok(None) => return Err(Error::Lines(bad)),
                Err(Error::Lines(more)) => bad.add(more),
                Err(error) => return Err(error),
            }
        }
    }

    async fn skip_rest(&mut self, begun: &[u8]) -> Result<(), Error> {
        let mut is_over = begun.ends_with(b"\n");
        while !is_over {
            let part = self.reader.fill_buf().await?;
            let end = part.iter().position(|&byte| byte == b'\n');
            is_over = end.is_some() || part.is_empty();
            let length = end.map_or(part.len(), |end| end + 1);
            self.reader.consume(length);
        }
        Ok(())
    }

    fn bad(&self, problem: impl Into<String>) -> Error {
        Error::Lines(BadLines { count: 1, told: vec![(self.number, problem.into())] })
    }

    fn submission(&mut self, text: &str) -> Result<Submission, String> {
        let (mut fields, mut key, mut cost) = (self.template.clone(), None, None);
        if text.starts_with('{') {
            let mut given: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
            key = match given.remove("key") {
                None | Some(Value::Null) => None,
                Some(Value::String(key)) if !key.is_empty() => Some(key),
                Some(_) => return Err("the key must be text".into()),
            };
            cost = match given.remove("cost") {
                None | Some(Value::Null) => None,
                Some(cost) => Some(serde_json::from_value::<Cost>(cost).map_err(|error| format!("cost: {error}"))?),
            };
            if given.get("prompt").and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err("there is no prompt".into());
            }
            fields.extend(given);
        } else {
            fields.insert("prompt".into(), text.into());
        }
        let request: CreateGenerationRequest =
            serde_json::from_value(fields.into()).map_err(|error| error.to_string())?;
        let digest = hash(&serde_json::to_string(&request).map_err(|error| error.to_string())?);
        if request.seed.is_some_and(|seed| !self.seeds.insert(seed)) {
            return Err("another line has the same seed, and the jobs of an account need different ones".into());
        }
        let key = key.unwrap_or_else(|| {
            let copy = self.copies.entry(digest).or_default();
            *copy += 1;
            format!("{}{digest:032x}-{copy}", self.series)
        });
        if *self.keys.entry(hash(&key)).or_insert(digest) != digest {
            return Err(format!("another line has the key {key}, and another request"));
        }
        let submission = Submission::new(key, request);
        Ok(match (cost, &self.cost) {
            (Some(cost), _) => {
                let amount = Money::of(&cost).ok_or_else(|| format!("the cost {:?} is no amount", cost.amount))?;
                let submission = submission.cost(amount);
                if cost.unit.as_str().is_empty() { submission } else { submission.unit(cost.unit) }
            }
            (None, Some((amount, unit))) => submission.cost(*amount).unit(unit.clone()),
            (None, None) => submission,
        })
    }
}

/// The same in every version: the keys of lines are made of it. FNV-1a with 128 bits.
fn hash(text: &str) -> u128 {
    let start: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    text.bytes().fold(start, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b))
}

/// Lines that are no submissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadLines {
    /// How many they are.
    pub count: u64,
    /// The number of each, from 1, and what is wrong with it; of many, the first 20.
    pub told: Vec<(u64, String)>,
}

impl BadLines {
    fn add(&mut self, more: Self) {
        self.count += more.count;
        self.told.extend(more.told);
        self.told.truncate(TOLD);
    }
}

impl std::fmt::Display for BadLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (number, problem)) in self.told.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}line {number}: {problem}")?;
        }
        match self.count.saturating_sub(self.told.len() as u64) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}
