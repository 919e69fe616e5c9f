//! What makes something and costs credits: from the command line to tasks, which are then run.

use std::fs;
use std::path::{Path, PathBuf};

use leonardo_ai::models::{
    BlueprintNodeInput, BlueprintTextVariable, CreateElementRequest, ExecuteBlueprintRequest, V2Guidance,
    V2GuidanceImage, V2GuidanceStrength, V2Guidances, V2Model,
};
use serde_json::{Map, Value, json};

use super::request::{Model, images, pair_of, put_all};
use crate::args::{BlueprintRun, Edit, Generate, Paying, RemoveBg, Train, Unzoom, Upscale, Video};
use crate::call::printable;
use crate::failure::Failure;
use crate::journal::{Journal, Journals, Taken};
use crate::session::Session;
use crate::source::ImageArgument;
use crate::task::{Create, CutOut, Input, Save, Task, read};
use crate::work::{How, run};

/// Writes the tasks down and does them. A file that another run is writing is refused.
pub async fn carry_out(
    session: &Session,
    command: &str,
    tasks: Vec<Task>,
    paying: &Paying,
    concurrency: u16,
) -> Result<(), Failure> {
    let (journal, taken) = plan(session, command, tasks, paying, true).await?;
    if let Some((task, taken)) = taken.first() {
        journal.close();
        return Err(Failure::other(taken.told(task)));
    }
    run(session, vec![journal], how(paying, concurrency)).await
}

/// Writes the tasks down that no other run does. Nothing of it is sent yet.
pub async fn plan(
    session: &Session,
    command: &str,
    tasks: Vec<Task>,
    paying: &Paying,
    replaces: bool,
) -> Result<(Journal, Vec<(Task, Taken)>), Failure> {
    for task in &tasks {
        task.check(paying.checked)?;
        prepare_place(&task.save)?;
    }
    let account = session.account().await?;
    look_at_money(session, &tasks).await?;
    match Journals::of(session)? {
        Some(journals) => {
            journals.mention_left(session, &account)?;
            let (mut journal, taken) = journals.begin(&account, command, tasks, replaces)?;
            journal.limit(session)?;
            Ok((journal, taken))
        }
        None => {
            let mut journal = Journal::in_memory();
            journal.plan(tasks)?;
            Ok((journal, Vec::new()))
        }
    }
}

/// Refuses what cannot be held to `--spend-at-most`, and says if not all will fit.
pub async fn look_at_money(session: &Session, tasks: &[Task]) -> Result<(), Failure> {
    if let Some(money) = &session.money
        && let Some(told) = money.look_at(&session.core, tasks).await?
    {
        session.screen.say(told);
    }
    Ok(())
}

pub fn how(paying: &Paying, concurrency: u16) -> How {
    How { concurrency: concurrency.into(), grace: paying.grace, show: paying.show(), look_at_files: false }
}

/// Before anything is paid for.
fn prepare_place(save: &Save) -> Result<(), Failure> {
    match save {
        Save::Directory(directory) => crate::work::save::make(directory),
        Save::File(file) => crate::work::save::make(file.parent().unwrap_or(Path::new("."))),
        Save::Nothing => Ok(()),
    }
}

/// Whole paths, so that it does not matter where a later run is started from.
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::file(path, error))
}

fn task(create: Create, name: impl Into<String>, request: Value, save: Save) -> Task {
    Task { create, name: name.into(), request, inputs: Vec::new(), save, key: None }
}

pub async fn generate(args: Generate, session: &Session) -> Result<(), Failure> {
    let model = Model::named(args.options.model.as_deref(), &session.core).await?;
    let out = absolute(&args.creating.out)?;
    let mut tasks = Vec::new();
    for prompt in args.prompts {
        let (create, request) = images(&model, &args.options, &prompt)?;
        tasks.push(task(create, prompt, request, Save::Directory(out.clone())));
    }
    carry_out(session, "generate", tasks, &args.creating.paying, args.concurrency).await
}

pub async fn edit(args: Edit, session: &Session) -> Result<(), Failure> {
    let model = Model::named(args.options.model.as_deref(), &session.core).await?;
    let (create, mut request) = images(&model, &args.options, &args.prompt)?;
    let mut inputs = Vec::new();
    let image = args.image.absolute()?;
    match (create, &args.mask, image) {
        (Create::V2, None, image) => {
            let slug = request["model"].as_str().unwrap_or_default().to_owned();
            let place = begins_with(&V2Model::from(&*slug))
                .ok_or_else(|| Failure::usage(format!("the model {slug} takes no image to begin with")))?;
            let mut guidance = guidance(image, &format!("/parameters/guidances/{place}/0/image/id"), &mut inputs)?;
            guidance.strength = match args.strength {
                Some(strength) if strength < 1.0 / 3.0 => Some(V2GuidanceStrength::Low),
                Some(strength) if strength > 2.0 / 3.0 => Some(V2GuidanceStrength::High),
                Some(_) => Some(V2GuidanceStrength::Mid),
                // Where it is needed.
                None => (place == "image_to_image").then_some(V2GuidanceStrength::Mid),
            };
            request["parameters"]["guidances"] =
                Map::from_iter([(place.to_owned(), printable(vec![guidance])?)]).into();
        }
        (Create::V2, Some(_), _) => return Err(Failure::usage("a mask needs a model of version 1")),
        (_, Some(mask), ImageArgument::File(image)) => {
            request["canvasRequest"] = true.into();
            request["canvasRequestType"] = args.canvas.into();
            inputs.push(Input::Canvas { image, mask: file(mask)? });
        }
        (_, Some(_), _) => return Err(Failure::usage("with a mask, the image must be a file too")),
        (_, None, image) => {
            request["init_strength"] = args.strength.unwrap_or(0.4).into();
            match image {
                ImageArgument::File(file) => {
                    request["init_image_id"] = Value::Null;
                    inputs.push(Input::Image { file, to: "/init_image_id".into() });
                }
                ImageArgument::Uploaded(id) => request["init_image_id"] = id.into(),
                ImageArgument::Generated(id) => request["init_generation_image_id"] = id.into(),
                ImageArgument::Variation(_) | ImageArgument::Url(_) => {
                    return Err(Failure::usage("version 1 begins with a file, a generated or an uploaded image"));
                }
            }
        }
    }
    let save = Save::Directory(absolute(&args.creating.out)?);
    let task = Task { inputs, ..task(create, args.prompt, request, save) };
    carry_out(session, "edit", vec![task], &args.creating.paying, 1).await
}

fn file(path: &Path) -> Result<PathBuf, Failure> {
    match ImageArgument::File(path.to_owned()).absolute()? {
        ImageArgument::File(path) => Ok(path),
        _ => Err(Failure::usage(format!("{} is no file", path.display()))),
    }
}

/// What version 2 is guided by. A file is uploaded first, and its id put where `to` leads to.
/// The guidance in which a model takes the image that it begins with.
fn begins_with(model: &V2Model) -> Option<&'static str> {
    use V2Model as M;
    match model {
        M::PhoenixV0_9
        | M::PhoenixV1_0
        | M::KinoXl
        | M::AnimeXl
        | M::PortraitPerfect
        | M::StockPhotography
        | M::IllustrativeAlbedo
        | M::ConceptArt
        | M::LifelikeVision
        | M::GraphicDesign
        | M::LightningXl => Some("image_to_image"),
        M::FluxDev | M::FluxSchnell | M::LucidOrigin | M::LucidRealism => Some("content"),
        M::IdeogramV3_0
        | M::IdeogramV4_0
        | M::PImageIdeogram
        | M::RecraftV4
        | M::RecraftV4Pro
        | M::Krea2Turbo
        | M::Krea2 => None,
        _ => Some("image_reference"),
    }
}

fn guidance(image: ImageArgument, to: &str, inputs: &mut Vec<Input>) -> Result<V2Guidance, Failure> {
    let image = match image {
        ImageArgument::File(file) => {
            inputs.push(Input::Image { file, to: to.into() });
            V2GuidanceImage::uploaded("")
        }
        ImageArgument::Uploaded(id) => V2GuidanceImage::uploaded(id),
        ImageArgument::Generated(id) => V2GuidanceImage::generated(id),
        ImageArgument::Variation(id) => V2GuidanceImage::variation(id),
        ImageArgument::Url(url) => V2GuidanceImage::from_url(url),
    };
    Ok(V2Guidance::from_image(image))
}

pub async fn video(args: Video, session: &Session) -> Result<(), Failure> {
    // Version 1 has models of its own for videos.
    let word = args.model.as_deref().map(leonardo_ai::models::V2Model::from).filter(|word| word.is_known());
    let mut inputs = Vec::new();
    let image = args.image.map(ImageArgument::absolute).transpose()?;
    let mut fields = Map::new();
    let mut given = |name: &str, value: Option<Value>| _ = value.map(|value| fields.insert(name.into(), value));
    given("prompt", Some(args.prompt.clone().into()));
    given("seed", args.seed.map(Value::from));
    given("duration", args.duration.map(Value::from));
    given("resolution", args.resolution.map(Value::from));
    given("width", args.size.map(|size| size.width.into()));
    given("height", args.size.map(|size| size.height.into()));
    given(if word.is_some() { "negative_prompt" } else { "negativePrompt" }, args.negative_prompt.map(Value::from));
    put_all(&mut fields, &args.set)?;
    let (create, request) = match (word, image) {
        (Some(word), image) => {
            if let Some(image) = image {
                let guidance = guidance(image, "/parameters/guidances/start_frame/0/image/id", &mut inputs)?;
                let guidances = V2Guidances { start_frame: Some(vec![guidance]), ..V2Guidances::default() };
                fields.insert("guidances".into(), printable(guidances)?);
            }
            (Create::V2, json!({ "model": word.as_str(), "public": false, "parameters": fields }))
        }
        (None, image) => {
            if let Some(model) = args.model {
                fields.insert("model".into(), model.into());
            }
            let kind = image.as_ref().map(|image| (image.id(), image));
            match kind {
                None => (Create::TextToVideo, fields.into()),
                Some((Some((id, kind)), _)) => {
                    fields.insert("imageId".into(), id.to_string().into());
                    fields.insert("imageType".into(), kind.as_str().into());
                    (Create::ImageToVideo, fields.into())
                }
                Some((None, ImageArgument::File(file))) => {
                    fields.insert("imageId".into(), Value::Null);
                    fields.insert("imageType".into(), "UPLOADED".into());
                    inputs.push(Input::Image { file: file.clone(), to: "/imageId".into() });
                    (Create::ImageToVideo, fields.into())
                }
                Some((None, _)) => return Err(Failure::usage("version 1 takes no link: download the image first")),
            }
        }
    };
    let save = Save::Directory(absolute(&args.creating.out)?);
    let task = Task { inputs, ..task(create, args.prompt, request, save) };
    carry_out(session, "video", vec![task], &args.creating.paying, 1).await
}

pub async fn upscale(args: Upscale, session: &Session) -> Result<(), Failure> {
    let image = args.image.absolute()?;
    let name = format!("upscale of {}", image.shown());
    let save = Save::Directory(absolute(&args.creating.out)?);
    let plain = args.multiplier.is_none() && args.style.is_none() && args.prompt.is_none() && args.set.is_empty();
    let mut inputs = Vec::new();
    let mut fields = Map::new();
    let create = match image {
        ImageArgument::Generated(id) if plain => {
            fields.insert("id".into(), id.into());
            Create::Upscale
        }
        image => {
            let (field, id) = match image {
                ImageArgument::Generated(id) => ("generatedImageId", id.into()),
                ImageArgument::Uploaded(id) => ("initImageId", id.into()),
                ImageArgument::Variation(id) => ("variationId", id.into()),
                ImageArgument::File(file) => {
                    inputs.push(Input::Image { file, to: "/initImageId".into() });
                    ("initImageId", Value::Null)
                }
                ImageArgument::Url(_) => return Err(Failure::usage("the upscalers take no link")),
            };
            fields.insert(field.into(), id);
            let mut given = |name: &str, value: Option<Value>| _ = value.map(|value| fields.insert(name.into(), value));
            given("upscaleMultiplier", args.multiplier.map(Value::from));
            given("upscalerStyle", args.style.map(Value::from));
            given("prompt", args.prompt.map(Value::from));
            put_all(&mut fields, &args.set)?;
            Create::UniversalUpscale
        }
    };
    let task = Task { inputs, ..task(create, name, fields.into(), save) };
    carry_out(session, "upscale", vec![task], &args.creating.paying, 1).await
}

pub async fn unzoom(args: Unzoom, session: &Session) -> Result<(), Failure> {
    let request = source(&args.image)?;
    let save = Save::Directory(absolute(&args.creating.out)?);
    let task = task(Create::Unzoom, format!("unzoom of {}", args.image.shown()), request, save);
    carry_out(session, "unzoom", vec![task], &args.creating.paying, 1).await
}

/// The request of a variation.
fn source(image: &ImageArgument) -> Result<Value, Failure> {
    match image {
        ImageArgument::Generated(id) => Ok(json!({ "id": id })),
        ImageArgument::Variation(id) => Ok(json!({ "id": id, "isVariation": true })),
        _ => Err(Failure::usage("this takes the id of a generated image, or `variation:ID`")),
    }
}

pub async fn remove_bg(args: RemoveBg, session: &Session) -> Result<(), Failure> {
    let image = args.image.absolute()?;
    let mut parameters = Map::new();
    let save = match args.out {
        Some(out) => {
            if let Some(format) = out.extension().and_then(|extension| extension.to_str()) {
                let format = format.to_lowercase().replace("jpeg", "jpg");
                parameters.insert("format".into(), format.into());
            }
            Save::File(absolute(&out)?)
        }
        None => Save::Directory(absolute(Path::new("pictures"))?),
    };
    put_all(&mut parameters, &args.set)?;
    let task = cut_out(image, None, parameters, save)?;
    carry_out(session, "remove-bg", vec![task], &args.paying, 1).await
}

/// The removal of a background. Files that are too large to go along in the request are uploaded first, which costs
/// nothing and can be done again.
pub fn cut_out(
    image: ImageArgument,
    background: Option<ImageArgument>,
    parameters: Map<String, Value>,
    save: Save,
) -> Result<Task, Failure> {
    const LARGEST_ALONG: u64 = 5_000_000;
    let name = image.shown();
    let mut inputs = Vec::new();
    let mut placed = |image: ImageArgument, place: &str| match image {
        ImageArgument::File(file) if file.metadata().is_ok_and(|file| file.len() > LARGEST_ALONG) => {
            inputs.push(Input::Image { file, to: format!("/{place}/uploaded") });
            ImageArgument::Uploaded(String::new())
        }
        image => image,
    };
    let image = placed(image, "image");
    let background = background.map(|image| placed(image, "background"));
    let cut = CutOut { image, background, parameters: parameters.into() };
    Ok(Task { inputs, ..task(Create::RemoveBg, name, printable(cut)?, save) })
}

pub async fn train(args: Train, session: &Session) -> Result<(), Failure> {
    let pictures = pictures(&args.folder)?;
    if pictures.is_empty() {
        return Err(Failure::usage(format!("{} has no PNG, JPEG or WebP files", args.folder.display())));
    }
    // What the service takes, told before the uploads.
    if !(10..=50).contains(&pictures.len()) {
        return Err(Failure::usage(format!(
            "{} has {} pictures, and the service trains with 10 to 50",
            args.folder.display(),
            pictures.len()
        )));
    }
    let folder = args.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = args.name.or(folder).unwrap_or_else(|| "element".into());
    let request = CreateElementRequest::new(name.clone(), "", &*args.base_model, &*args.focus);
    let mut request = printable(CreateElementRequest {
        description: args.description,
        instance_prompt: args.instance_prompt,
        num_train_epochs: args.epochs.unwrap_or(request.num_train_epochs),
        learning_rate: args.learning_rate.unwrap_or(request.learning_rate),
        ..request
    })?;
    if let Some(fields) = request.as_object_mut() {
        put_all(fields, &args.set)?;
    }
    let mut inputs = vec![Input::Dataset { name: name.clone() }];
    inputs.extend(pictures.into_iter().map(|file| Input::Picture { file }));
    let task = Task { inputs, ..task(Create::Element, name, request, Save::Nothing) };
    carry_out(session, "train", vec![task], &args.paying, 1).await
}

/// The pictures of a folder, in the order of their names.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let named = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()));
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder).map_err(named)? {
        let path = entry.map_err(named)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
        if path.is_file() && ["png", "jpg", "jpeg", "webp"].contains(&&*extension) {
            pictures.push(absolute(&path)?);
        }
    }
    pictures.sort();
    Ok(pictures)
}

pub async fn blueprint_run(args: BlueprintRun, session: &Session) -> Result<(), Failure> {
    let mut inputs = Vec::new();
    for text in &args.text {
        let (node, text) = pair_of(text)?;
        inputs.push(BlueprintNodeInput::text(node, text));
    }
    for image in &args.image {
        let (node, url) = pair_of(image)?;
        inputs.push(BlueprintNodeInput::image_url(node, url));
    }
    let mut variables: Vec<(String, Vec<BlueprintTextVariable>)> = Vec::new();
    for variable in &args.variable {
        let (place, value) = pair_of(variable)?;
        let (node, name) =
            place.split_once('.').ok_or_else(|| Failure::usage(format!("{place:?} must be as NODE.NAME")))?;
        let variable = BlueprintTextVariable::new(name, value);
        match variables.iter_mut().find(|(known, _)| known == node) {
            Some((_, variables)) => variables.push(variable),
            None => variables.push((node.to_owned(), vec![variable])),
        }
    }
    for (node, variables) in variables {
        inputs.push(BlueprintNodeInput::text_variables(
            node,
            variables.into_iter().map(|variable| (variable.name, variable.value)),
        ));
    }
    let request: ExecuteBlueprintRequest =
        read(printable(ExecuteBlueprintRequest::new(args.version.clone(), inputs))?)?;
    let save = Save::Directory(absolute(&args.creating.out)?);
    let task = task(Create::Blueprint, format!("blueprint {}", args.version), printable(request)?, save);
    carry_out(session, "blueprint", vec![task], &args.creating.paying, 1).await
}
