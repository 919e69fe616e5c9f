//! From a prompt to pictures: `quickstart [--out DIR] [PROMPT]`.
//!
//! With `LEONARDO_API_KEY` it asks the real service, which charges for it. Without, it starts the emulator, which draws
//! something itself.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id};
use leonardo_ai::models::{CreateGenerationRequest, Generation, JobStatus};
use leonardo_ai::{LeonardoCore, reqwest};
use leonardo_ai_emulator::Emulator;

const PROMPT: &str = "a lighthouse on a cliff at dusk, soft light";
/// No picture of the service comes near this size.
const LARGEST_PICTURE: u64 = 64 * 1024 * 1024;

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
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\nusage: quickstart [--out DIR] [PROMPT]");
            return ExitCode::from(2);
        }
    };
    // Dropping the work removes files that are not whole.
    let done = tokio::select! {
        done = quickstart(arguments) => done,
        _ = tokio::signal::ctrl_c() => Err("interrupted; what is whole was kept".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn quickstart(Arguments { out, prompt }: Arguments) -> Result<(), Box<dyn Error>> {
    // Kept until the end: the emulator stops when it is dropped.
    let (core, _emulator) = if std::env::var_os("LEONARDO_API_KEY").is_some() {
        let core = LeonardoCore::from_env()?;
        println!("Using {}, which charges for it.", core.server_url());
        (core, None)
    } else {
        let emulator = Emulator::start().await?;
        println!("LEONARDO_API_KEY is not set: using the emulator, which draws the pictures itself.");
        let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build()?;
        (core, Some(emulator))
    };
    // Before anything is paid for.
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make the directory {}: {error}", out.display()))?;

    println!("Prompt: {prompt}");
    let job = image_create_generation(&core, CreateGenerationRequest::new(prompt)).await?;
    println!("Generation: {}", job.generation_id);
    let generation = complete(&core, job.generation_id.as_str()).await?;

    let client = reqwest::Client::new();
    for (index, image) in generation.generated_images.iter().enumerate() {
        let path = save(&client, &image.url, &out, &format!("{}-{index}", generation.id)).await?;
        println!("Saved {}", path.display());
    }
    match generation.seed {
        Some(seed) => println!("Seed: {seed}"),
        None => println!("Seed: not told"),
    }
    match job.cost {
        Some(cost) => println!("Cost: {} {}", cost.amount, cost.unit),
        None => println!("Cost: not told"),
    }
    Ok(())
}

/// Asks until the generation is complete.
async fn complete(core: &LeonardoCore, id: &str) -> Result<Generation, Box<dyn Error>> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    bar.set_message("drawing");
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut pause = Duration::from_millis(250);
    loop {
        let generation = image_get_generation_by_id(core, id).await?;
        match generation.status {
            JobStatus::Complete => {
                bar.finish_and_clear();
                return Ok(generation);
            }
            JobStatus::Failed => return Err(format!("the service could not draw generation {id}").into()),
            _ if bar.elapsed() > Duration::from_secs(300) => {
                return Err(format!("generation {id} is not complete after 5 minutes, and goes on").into());
            }
            _ => tokio::time::sleep(pause).await,
        }
        pause = (pause * 3 / 2).min(Duration::from_secs(4));
    }
}

/// Saves a picture under its final name only when it is whole. The key is not sent: pictures need none.
async fn save(client: &reqwest::Client, url: &str, out: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let mut response = client.get(url).send().await?.error_for_status()?;
    let total = response.content_length();
    let bar = ProgressBar::new(total.unwrap_or(0))
        .with_style(ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg}")?);
    bar.set_message(name.to_owned());
    let mut part = tempfile::Builder::new();
    part.prefix(".").suffix(".part");
    // A picture is no secret, unlike most temporary files; the umask still applies.
    #[cfg(unix)]
    part.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = part.tempfile_in(out)?;
    let mut length = 0;
    while let Some(chunk) = response.chunk().await? {
        length += chunk.len() as u64;
        if length > LARGEST_PICTURE {
            return Err(format!("{url} is larger than {LARGEST_PICTURE} bytes").into());
        }
        file.write_all(&chunk)?;
        bar.set_position(length);
    }
    bar.finish_and_clear();
    let path = out.join(format!("{name}.{}", extension(url)));
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(path)
}

/// The extension of the last segment of a URL's path, where it is a plain one.
fn extension(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some(extension) if extension.len() <= 4 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            extension.to_owned()
        }
        _ => "jpg".into(),
    }
}
