//! From a prompt to pictures: `quickstart [--out DIR] [PROMPT]`.
//!
//! With `LEONARDO_API_KEY` it asks the real service, which charges for it. Without, it starts the emulator, which draws
//! something itself.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use leonardo_ai::funcs::{GenerationProgress, image_download_all, image_generate};
use leonardo_ai::models::CreateGenerationRequest;

mod common;

const PROMPT: &str = "a lighthouse on a cliff at dusk, soft light";

struct Arguments {
    out: PathBuf,
    prompt: String,
}

fn arguments() -> Result<Arguments, String> {
    let mut out = PathBuf::from("pictures");
    let mut prompt = None;
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--out" => out = rest.next().ok_or("--out needs a directory")?.into(),
            option if option.starts_with("--") => return Err(format!("there is no option {option}")),
            _ if prompt.is_some() => return Err("the prompt must be one argument: put it in quotes".into()),
            _ => prompt = Some(argument),
        }
    }
    Ok(Arguments { out, prompt: prompt.unwrap_or_else(|| PROMPT.into()) })
}

#[tokio::main]
async fn main() -> ExitCode {
    match arguments() {
        Ok(arguments) => common::until_interrupted(quickstart(arguments)).await,
        Err(problem) => {
            eprintln!("{problem}\nusage: quickstart [--out DIR] [PROMPT]");
            ExitCode::from(2)
        }
    }
}

async fn quickstart(Arguments { out, prompt }: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (core, _emulator) = common::service().await?;
    // Before anything is paid for.
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make the directory {}: {error}", out.display()))?;

    println!("Prompt: {prompt}");
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    bar.set_message("drawing");
    bar.enable_steady_tick(Duration::from_millis(100));
    let shown = bar.clone();
    let made = image_generate(&core, CreateGenerationRequest::new(prompt))
        .first_delay(Duration::from_millis(250))
        .on_progress(move |progress| match progress {
            // With the id, what is paid for can be fetched even if this program ends here.
            GenerationProgress::Created(job) => shown.suspend(|| println!("Generation: {}", job.generation_id)),
            GenerationProgress::Retrying(retry) => shown.suspend(|| eprintln!("{retry}")),
            _ => {}
        })
        .await?;

    bar.set_message("downloading");
    let paths = image_download_all(&core, &made.generation, &out).await?;
    bar.finish_and_clear();
    for path in paths {
        println!("Saved {}", path.display());
    }
    match made.generation.seed {
        Some(seed) => println!("Seed: {seed}"),
        None => println!("Seed: not told"),
    }
    match made.job.cost {
        Some(cost) => println!("Cost: {cost}"),
        None => println!("Cost: not told"),
    }
    Ok(ExitCode::SUCCESS)
}
