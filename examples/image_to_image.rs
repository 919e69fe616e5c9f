//! From an image to others: `image_to_image [--out DIR] [--strength 0.1-0.9] [--prompt PROMPT] [IMAGE]`.
//!
//! Uploads the image, a PNG, JPEG or WebP file, and creates a generation that begins with it. Without an image it has one
//! drawn first. With `LEONARDO_API_KEY` it asks the real service, which charges for both. Without, it starts the
//! emulator, which draws something itself.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use leonardo_ai::funcs::{
    GenerationProgress, image_create_generation_once, image_download_all, image_generate, image_wait_for_generation,
    init_images_upload_file,
};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{LeonardoCore, Retry};

mod common;

struct Arguments {
    out: PathBuf,
    strength: f64,
    prompt: String,
    image: Option<PathBuf>,
}

fn arguments() -> Result<Arguments, String> {
    let prompt = "the same place in deep winter, oil painting".into();
    let mut arguments = Arguments { out: PathBuf::from("pictures"), strength: 0.4, prompt, image: None };
    let mut rest = std::env::args_os().skip(1);
    while let Some(argument) = rest.next() {
        let name = argument.to_string_lossy().into_owned();
        let mut value = || rest.next().ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--out" => arguments.out = value()?.into(),
            "--prompt" => arguments.prompt = value()?.to_string_lossy().into_owned(),
            "--strength" => {
                let strength = value()?.to_string_lossy().parse().ok();
                arguments.strength = strength
                    .filter(|strength| (0.1..=0.9).contains(strength))
                    .ok_or("--strength needs a number from 0.1 to 0.9")?;
            }
            option if option.starts_with("--") => return Err(format!("there is no option {option}")),
            _ if arguments.image.is_some() => return Err("there is more than one image".into()),
            _ => arguments.image = Some(argument.into()),
        }
    }
    Ok(arguments)
}

#[tokio::main]
async fn main() -> ExitCode {
    match arguments() {
        Ok(arguments) => common::until_interrupted(image_to_image(arguments)).await,
        Err(problem) => {
            eprintln!("{problem}\nusage: image_to_image [--out DIR] [--strength 0.1-0.9] [--prompt PROMPT] [IMAGE]");
            ExitCode::from(2)
        }
    }
}

async fn image_to_image(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Arguments { out, strength, prompt, image } = arguments;
    let (core, _emulator) = common::service().await?;
    // Before anything is paid for.
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make the directory {}: {error}", out.display()))?;
    let image = match image {
        Some(image) => image,
        None => drawn(&core, &out).await?,
    };

    let id = init_images_upload_file(&core, &image).await?;
    println!("Uploaded {} as {id}", image.display());

    let request = CreateGenerationRequest {
        init_image_id: Some(id),
        init_strength: Some(strength),
        num_images: Some(2),
        ..CreateGenerationRequest::new(prompt)
    };
    println!("Prompt: {}", request.prompt);
    println!("Strength: {strength}");
    let job = image_create_generation_once(&core, request).on_retry(told).await?;
    println!("Generation: {}", job.generation_id);
    let generation = image_wait_for_generation(&core, job.generation_id).on_retry(told).await?;
    for path in image_download_all(&core, &generation, out).await? {
        println!("Saved {}", path.display());
    }
    match job.cost {
        Some(cost) => println!("Cost: {} {}", cost.amount, cost.unit),
        None => println!("Cost: not told"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what is attempted again, so that the program does not look as if it hung.
fn told(retry: &Retry) {
    eprintln!("{retry}");
}

/// Has an image drawn to begin with.
async fn drawn(core: &LeonardoCore, out: &PathBuf) -> Result<PathBuf, Box<dyn Error>> {
    println!("No image was given: drawing one to begin with.");
    let request =
        CreateGenerationRequest { num_images: Some(1), ..CreateGenerationRequest::new("a lighthouse in summer") };
    let made = image_generate(core, request)
        .on_progress(|progress| {
            if let GenerationProgress::Retrying(retry) = progress {
                told(retry);
            }
        })
        .await?;
    let paths = image_download_all(core, &made.generation, out).await?;
    let path = paths.into_iter().next().ok_or("the generation has no image")?;
    println!("Drew {}", path.display());
    Ok(path)
}
