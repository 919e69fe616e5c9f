//! Many pictures at once, within the limits of the account: `many [--count N] [--prompt TEXT] [--out DIR] [--spend CREDITS]`.
//!
//! A bar shows how many are done and when the rest will be, what waits here and at the service, and what was spent. With
//! `LEONARDO_API_KEY` it asks the real service, which charges for it. Without, it starts the emulator.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use leonardo_ai::funcs::{image_download_all, image_generate};
use leonardo_ai::models::{Cost, CreateGenerationRequest};
use leonardo_ai::{LeonardoCore, Limits, SpendingLimit};
use leonardo_ai_emulator::Emulator;
use tokio::task::JoinSet;

mod common;
#[path = "common/options.rs"]
mod options;

#[tokio::main]
async fn main() -> ExitCode {
    common::until_interrupted(run()).await
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let defaults = [("--count", "20"), ("--prompt", "a lighthouse"), ("--out", "pictures"), ("--spend", "500")];
    let [count, prompt, out, spend] = options::options(defaults)?;
    let count: u64 = count.parse()?;
    std::fs::create_dir_all(&out)?;
    let (builder, _emulator) = match std::env::var_os("LEONARDO_API_KEY") {
        Some(_) => (LeonardoCore::builder_from_env()?, None),
        None => {
            let emulator = Emulator::start().await?;
            println!("LEONARDO_API_KEY is not set: using the emulator, which draws by itself.");
            let builder = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url());
            (builder, Some(emulator))
        }
    };
    let limit = SpendingLimit::credits(spend.parse()?);
    let core = builder.limits(Limits::default()).spending_limit(limit).build()?;

    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left\n{wide_msg}")?;
    let bar = ProgressBar::new(count).with_style(style);
    let mut works = JoinSet::new();
    for number in 1..=count {
        let (core, out, prompt) = (core.clone(), out.clone(), format!("{prompt}, number {number}"));
        works.spawn(async move {
            // Many wait for their turn for a long time, so there is no deadline.
            let request = CreateGenerationRequest::new(prompt).num_images(1);
            let made = image_generate(&core, request).deadline(None).await?;
            image_download_all(&core, &made.generation, out).await.map_err(leonardo_ai::Error::from)
        });
    }
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    let mut failed = 0;
    loop {
        tokio::select! {
            done = works.join_next() => match done {
                Some(done) => {
                    bar.inc(1);
                    if let Err(error) = done? {
                        failed += 1;
                        bar.suspend(|| eprintln!("{error}"));
                    }
                }
                None => break,
            },
            _ = tick.tick() => bar.set_message(state(&core).await?),
        }
    }
    bar.finish_and_clear();
    println!("{} of {count} saved in {out}: {}", count - failed, core.spent());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What waits, and what was spent.
async fn state(core: &LeonardoCore) -> Result<String, Box<dyn Error>> {
    let in_use = core.limits_in_use().await?;
    let jobs: u64 = in_use.jobs.iter().map(|(_, count)| count).sum();
    let spent = core.spent();
    let amount = |costs: &[Cost]| costs.first().map_or("0".to_owned(), |cost| cost.amount.clone());
    let (settled, reserved) = (amount(&spent.settled), amount(&spent.reserved));
    Ok(format!("{} wait here, {jobs} at the service; credits: {settled} spent, {reserved} reserved", in_use.waiting))
}
