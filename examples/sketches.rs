//! A folder of sketches to pictures: `sketches [--from FOLDER] [--out FOLDER] [--prompt PROMPT] [--strength 0.1-0.9]
//! [--size WIDTHxHEIGHT] [--grace SECONDS]`.
//!
//! Every PNG, JPEG and WebP file becomes one picture, `OUT/NAME.jpg`. Beside it, `OUT/NAME.json` tells how far it is. The
//! program can be ended at any moment, by `kill -9` too: started again with the same options, it goes on, and pays for
//! nothing twice. To have another picture made of a sketch, remove both files.
//!
//! A picture has the size of `--size` (1024x768), whatever the sketch has: give the proportions of your sketches. The exit
//! status is 0 once all have their pictures. Without a key it uses the emulator, whose work ends with this program.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{
    GenerationProgress, image_download, image_generate, image_wait_for_generation, init_images_upload_file,
};
use leonardo_ai::models::{CreateGenerationRequest, Generation, GenerationId, InitImageId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

mod common;
#[path = "common/options.rs"]
mod options;
#[path = "common/records.rs"]
mod records;

/// How far a sketch is. Each field is on the disk before the next step begins.
#[derive(Clone, Serialize, Deserialize)]
struct Sketch {
    /// Random, so that no other generation has it.
    seed: i64,
    uploaded: Option<InitImageId>,
    /// A create may have been sent at this time or later.
    begun: Option<Timestamp>,
    generation: Option<GenerationId>,
    saved: bool,
}

struct Work {
    core: LeonardoCore,
    sketches: records::Records<Sketch>,
    request: CreateGenerationRequest,
    out: PathBuf,
    grace: Duration,
}

#[tokio::main]
async fn main() -> ExitCode {
    common::until_interrupted(draw()).await
}

async fn draw() -> Result<ExitCode, Box<dyn Error>> {
    let [from, out, prompt, strength, size, grace] = options::options([
        ("--from", "sketches"),
        ("--out", "pictures"),
        ("--prompt", "a finished painting of this sketch"),
        ("--strength", "0.4"),
        ("--size", "1024x768"),
        ("--grace", "30"),
    ])?;
    let (width, height) = size.split_once('x').ok_or("--size needs a width and a height, such as 1024x768")?;
    let request = CreateGenerationRequest::new(prompt).num_images(1).width(width.parse()?).height(height.parse()?);
    let (request, grace) = (request.init_strength(strength.parse()?), options::seconds(&grace)?);
    let files = images(&from).map_err(|error| format!("{from}: {error}"))?;
    let (sketches, out) = (records::Records::<Sketch>::open(&out)?, PathBuf::from(out));
    let (core, emulator) = common::service().await?;
    if emulator.is_some() {
        // What another emulator was drawing is gone.
        sketches.retain(|sketch| sketch.saved)?;
    }

    let work = Arc::new(Work { core, sketches, request, out, grace });
    let (at_once, mut works) = (Arc::new(Semaphore::new(4)), JoinSet::new());
    for (name, path) in files {
        let (work, at_once) = (work.clone(), at_once.clone());
        works.spawn(async move {
            let _permit = at_once.acquire().await;
            let made = work.picture(&name, &path).await;
            made.inspect_err(|error| eprintln!("{name}: {error}")).is_ok()
        });
    }
    Ok(if works.join_all().await.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The images of a folder with their names.
fn images(folder: &str) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut images = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ["png", "jpg", "jpeg", "webp"].iter().any(|known| extension == *known) {
            images.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path));
        }
    }
    Ok(images)
}

impl Work {
    async fn picture(self: Arc<Self>, name: &str, path: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let picture = self.out.join(format!("{name}.jpg"));
        let new = Sketch { seed: records::random_seed()?, uploaded: None, begun: None, generation: None, saved: false };
        self.sketches.add(name, new.clone())?;
        let sketch = self.sketches.get(name).unwrap_or(new);
        if sketch.saved && picture.exists() {
            return Ok(());
        }
        let generation = match sketch.generation {
            // It is paid for.
            Some(id) => image_wait_for_generation(&self.core, id).await?,
            None => self.clone().generation(name, path, sketch).await?,
        };
        let image = generation.generated_images.first().ok_or("the generation has no image")?;
        image_download(&self.core, &image.url).to_file(&picture).await?;
        self.sketches.note(name, |sketch| sketch.saved = true);
        println!("{}", picture.display());
        Ok(())
    }

    async fn generation(
        self: Arc<Self>,
        name: &str,
        path: &Path,
        sketch: Sketch,
    ) -> Result<Generation, Box<dyn Error + Send + Sync>> {
        let id = match sketch.uploaded {
            Some(id) => id,
            None => init_images_upload_file(&self.core, path).await?,
        };
        let request = self.request.clone().init_image_id(&id).seed(sketch.seed);
        let mut generate = image_generate(&self.core, request).unique_seed(true).grace(self.grace);
        if let Some(begun) = sketch.begun.as_ref().and_then(Timestamp::to_system_time) {
            // An earlier start may have sent the create.
            generate = generate.look_first(begun);
        }
        let begun = sketch.begun.unwrap_or_else(|| SystemTime::now().into());
        self.sketches.update(name, |sketch| (sketch.uploaded, sketch.begun) = (Some(id), Some(begun)))?;
        let name = name.to_owned();
        let made = generate.on_progress(move |step| {
            if let GenerationProgress::Created(made) = step {
                self.sketches.note(&name, |sketch| sketch.generation = Some(made.generation_id.clone()));
            }
        });
        Ok(made.await?.generation)
    }
}
