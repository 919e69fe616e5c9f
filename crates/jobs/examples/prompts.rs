//! A file of prompts to pictures, by any number of processes: `prompts [--database URL] [--out DIR] [PROMPTS.txt]`.
//!
//! Each line is a job, and the same file is the same jobs, however often it is submitted. Started several times, with the
//! same database, the processes share the work; without a file, one only works. With `LEONARDO_API_KEY` it asks the real
//! service, which charges for it; without, it starts the emulator, whose work ends with this program.

use std::error::Error;
use std::io::Write as _;
use std::time::Duration;

use futures_util::stream;
use leonardo_ai::LeonardoCore;
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai_emulator::Emulator;
use leonardo_ai_jobs::{Account, Directory, Jobs, State, Submission, Worker};

const ACCOUNT: &str = "default";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut database, mut out, mut prompts) = ("sqlite:jobs.sqlite".to_owned(), "pictures".to_owned(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--database" => database = arguments.next().ok_or("--database needs a URL")?,
            "--out" => out = arguments.next().ok_or("--out needs a directory")?,
            option if option.starts_with("--") => return Err(format!("there is no option {option}").into()),
            _ => prompts = Some(argument),
        }
    }
    let (core, _emulator) = service().await?;
    std::fs::create_dir_all(&out)?;
    let jobs = Jobs::connect(&database).await?;
    jobs.set_account(&Account::new(ACCOUNT)).await?;
    if let Some(path) = prompts {
        let text = std::fs::read_to_string(path)?;
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, prompt)| !prompt.is_empty());
        let submissions = lines.map(|(line, prompt)| {
            let request = CreateGenerationRequest::new(prompt).num_images(1);
            Submission::new(format!("{line}: {prompt}"), request)
        });
        let submissions: Vec<_> = submissions.collect();
        jobs.submit_all(ACCOUNT, stream::iter(submissions)).await?;
    }
    let worker = Worker::new(&jobs, move |_| Some(core.clone()), Directory::new(out));
    let seen = jobs.clone();
    let stop = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => println!("\nhanding back what is under way"),
            () = until_idle(&seen) => {}
        }
    };
    Ok(worker.run(stop).await?)
}

/// Shows how far it is, until nothing is left to do.
async fn until_idle(jobs: &Jobs) {
    loop {
        if let Ok(status) = jobs.status(ACCOUNT).await {
            let (done, failed, open) = (status.count(State::Done), status.count(State::Failed), status.open());
            print!("\r{done} done, {failed} failed, {open} to do, {} spent ", status.settled);
            let _ = std::io::stdout().flush();
        }
        if matches!(jobs.is_idle().await, Ok(true)) {
            println!();
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn service() -> Result<(LeonardoCore, Option<Emulator>), Box<dyn Error>> {
    if std::env::var_os("LEONARDO_API_KEY").is_some() {
        return Ok((LeonardoCore::from_env()?, None));
    }
    let emulator = Emulator::builder().generation_time(Duration::from_secs(2)).start().await?;
    let core = LeonardoCore::builder().server_url(emulator.base_url()).bearer_auth(emulator.key()).build()?;
    Ok((core, Some(emulator)))
}
