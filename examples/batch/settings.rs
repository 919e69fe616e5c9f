//! The command.

use std::path::PathBuf;
use std::time::Duration;

pub const USAGE: &str = "usage: batch [--out DIR] [--journal FILE] [--concurrency N] [--grace SECONDS] PROMPTS.txt";

pub struct Settings {
    pub prompts: PathBuf,
    pub out: PathBuf,
    pub journal: PathBuf,
    pub concurrency: usize,
    pub grace: Duration,
}

pub fn settings() -> Result<Settings, String> {
    let (mut prompts, mut journal) = (None, None);
    let (mut out, mut concurrency, mut grace) = (PathBuf::from("pictures"), 4, Duration::from_secs(30));
    let mut rest = std::env::args_os().skip(1);
    while let Some(argument) = rest.next() {
        let name = argument.to_string_lossy().into_owned();
        let mut value = || rest.next().ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--out" => out = value()?.into(),
            "--journal" => journal = Some(PathBuf::from(value()?)),
            "--concurrency" => {
                let jobs = value()?.to_string_lossy().parse().ok().filter(|jobs| (1..=1000).contains(jobs));
                concurrency = jobs.ok_or("--concurrency needs a number from 1 to 1000")?;
            }
            "--grace" => {
                let seconds = value()?.to_string_lossy().parse().ok();
                let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                grace = seconds.ok_or("--grace needs a number of seconds")?;
            }
            option if option.starts_with("--") => return Err(format!("there is no option {option}")),
            _ if prompts.is_some() => return Err("there is more than one file of prompts".into()),
            _ => prompts = Some(PathBuf::from(argument)),
        }
    }
    let prompts = prompts.ok_or("there is no file of prompts")?;
    let journal = journal.unwrap_or_else(|| {
        let mut name = prompts.clone().into_os_string();
        name.push(".journal");
        name.into()
    });
    // The journal has whole paths, so that it does not matter where the program is started from.
    let out = std::path::absolute(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    Ok(Settings { prompts, out, journal, concurrency, grace })
}
