//! From a prompt to pictures: `quickstart [PROMPT [DIRECTORY]]`.
//!
//! With `LEONARDO_API_KEY` it asks the real service, which charges for it. Without, it starts the emulator, which draws
//! something itself. The program `leonardo` (`crates/cli`) does this with all options, and goes on after it was ended.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use leonardo_ai::funcs::{GenerationProgress, image_download_all, image_generate};
use leonardo_ai::models::CreateGenerationRequest;

mod common;

#[tokio::main]
async fn main() -> ExitCode {
    common::until_interrupted(quickstart()).await
}

async fn quickstart() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let prompt = arguments.next().unwrap_or_else(|| "a lighthouse on a cliff at dusk, soft light".into());
    let directory = arguments.next().unwrap_or_else(|| "pictures".into());
    let (core, _emulator) = common::service().await?;
    // Before anything is paid for.
    std::fs::create_dir_all(&directory).map_err(|error| format!("cannot make the directory {directory}: {error}"))?;

    println!("Prompt: {prompt}");
    let bar = ProgressBar::new_spinner().with_message("drawing");
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
    let paths = image_download_all(&core, &made.generation, &directory).await?;
    bar.finish_and_clear();

    for path in paths {
        println!("Saved {}", path.display());
    }
    println!("Seed: {}", made.generation.seed.map_or("not told".into(), |seed| seed.to_string()));
    println!("Cost: {}", made.job.cost.map_or("not told".into(), |cost| cost.to_string()));
    Ok(ExitCode::SUCCESS)
}
