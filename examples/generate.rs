//! Several prompts to files at once: `generate [--out DIR] PROMPT...`.
//!
//! With `LEONARDO_API_KEY` it asks the real service, which charges for it. Without, it starts the emulator, which draws
//! something itself. The exit status is 1 if there are no files of a prompt; what became of it is told then. For many
//! prompts, or where the program must be able to go on after it was ended, see the example `batch`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{Generated, GenerationProgress, image_download_all, image_generate};
use leonardo_ai::models::CreateGenerationRequest;
use tokio::task::JoinSet;

mod common;

struct Arguments {
    out: PathBuf,
    prompts: Vec<String>,
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { out: PathBuf::from("pictures"), prompts: Vec::new() };
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--out" => arguments.out = rest.next().ok_or("--out needs a directory")?.into(),
            option if option.starts_with("--") => return Err(format!("there is no option {option}")),
            _ => arguments.prompts.push(argument),
        }
    }
    if arguments.prompts.is_empty() { Err("there is no prompt".into()) } else { Ok(arguments) }
}

#[tokio::main]
async fn main() -> ExitCode {
    match arguments() {
        Ok(arguments) => common::until_interrupted(generate(arguments)).await,
        Err(problem) => {
            eprintln!("{problem}\nusage: generate [--out DIR] PROMPT...");
            ExitCode::from(2)
        }
    }
}

async fn generate(Arguments { out, prompts }: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (core, _emulator) = common::service().await?;
    // Before anything is paid for.
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make the directory {}: {error}", out.display()))?;

    let bars = MultiProgress::new();
    let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")?;
    let mut works = JoinSet::new();
    for prompt in prompts {
        let bar = bars.add(ProgressBar::new_spinner().with_style(style.clone()));
        bar.enable_steady_tick(Duration::from_millis(100));
        let (core, out, bars) = (core.clone(), out.clone(), bars.clone());
        works.spawn(async move {
            let made = pictures(&core, &prompt, out, &bars, &bar).await;
            bar.finish_and_clear();
            (prompt, made)
        });
    }
    let mut all = true;
    while let Some(work) = works.join_next().await {
        let (prompt, made) = work?;
        bars.suspend(|| match made {
            Ok((made, paths)) => {
                println!("Prompt: {prompt}");
                println!("Generation: {}", made.generation.id);
                for path in paths {
                    println!("Saved {}", path.display());
                }
                println!("Seed: {}", made.generation.seed.map_or("not told".into(), |seed| seed.to_string()));
                // The cost stands in the response to the create, which may have been lost.
                let cost = made.job.cost.map(|cost| format!("{} {}", cost.amount, cost.unit));
                println!("Cost: {}", cost.as_deref().unwrap_or("not told"));
            }
            Err(error) => {
                all = false;
                eprintln!("Prompt: {prompt}\n{error}");
            }
        });
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// From one prompt to its files.
async fn pictures(
    core: &LeonardoCore,
    prompt: &str,
    out: PathBuf,
    bars: &MultiProgress,
    bar: &ProgressBar,
) -> Result<(Generated, Vec<PathBuf>), Box<dyn Error + Send + Sync>> {
    bar.set_message(format!("creating: {prompt}"));
    let images = ProgressStyle::with_template("  {bar:30} {bytes:>10}/{total_bytes:10} {msg}")?;
    let (shown, all, name) = (bar.clone(), bars.clone(), prompt.to_owned());
    let made = image_generate(core, CreateGenerationRequest::new(prompt))
        .on_progress(move |progress| match progress {
            GenerationProgress::Created(job) => shown.set_message(format!("{}, drawing: {name}", job.generation_id)),
            GenerationProgress::Retrying(retry) => all.suspend(|| eprintln!("{name}: {retry}")),
            GenerationProgress::Complete(_) => shown.set_message(format!("downloading: {name}")),
            _ => {}
        })
        .await?;
    // A bar for each image, in order.
    let mut under: Vec<ProgressBar> = Vec::new();
    for index in 0..made.generation.generated_images.len() {
        let image = ProgressBar::new(0).with_style(images.clone()).with_message(format!("image {index}"));
        under.push(bars.insert_after(under.last().unwrap_or(bar), image));
    }
    let shown = under.clone();
    let paths = image_download_all(core, &made.generation, out)
        .on_progress(move |index, progress| {
            shown[index].set_length(progress.total.unwrap_or(progress.received));
            shown[index].set_position(progress.received);
        })
        .await;
    under.iter().for_each(ProgressBar::finish_and_clear);
    // It is paid for, so whoever reads the error must be able to fetch it.
    let paths = paths.map_err(|error| format!("generation {} is complete, but: {error}", made.generation.id))?;
    Ok((made, paths))
}
