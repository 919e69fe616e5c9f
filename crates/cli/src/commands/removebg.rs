//! `leonardo removebg`: what remove.bg's tool does, by version 2 of this API.

use std::collections::HashMap;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::create::{absolute, cut_out, how, plan};
use super::request::put_all;
use crate::args::{Global, Removebg};
use crate::failure::Failure;
use crate::journal::{Claims, Journals, Taken, real};
use crate::money::REMOVE_BG_DOLLARS;
use crate::screen::{Screen, shown};
use crate::session::Session;
use crate::source::ImageArgument;
use crate::task::{Save, Task};
use crate::work::run;

pub async fn removebg(args: Removebg, global: &Global, screen: &Screen) -> Result<(), Failure> {
    if args.api_key.is_some() {
        return Err(Failure::usage(
            "--api-key is not used: a key on the command line can be seen by others. Put the key of Leonardo.Ai, not that \
             of remove.bg, into LEONARDO_API_KEY.",
        ));
    }
    let is_set = |name: &str| std::env::var_os(name).is_some();
    if !global.emulator && !is_set("LEONARDO_API_KEY") && is_set("REMOVE_BG_API_KEY") {
        return Err(Failure::usage(
            "REMOVE_BG_API_KEY is set, which is of no use here: it was not read, and is sent nowhere. Make a key at \
             Leonardo.Ai, put it into LEONARDO_API_KEY, and call this again. To try it without a key, add --emulator.",
        ));
    }
    if args.files.first().is_some_and(|file| file == "zip2png") {
        return Err(Failure::usage(
            "there is no zip2png, since the service gives no ZIP any more: ask for --format png",
        ));
    }
    let parameters = parameters(&args)?;
    let extension = match parameters.get("format").and_then(Value::as_str) {
        Some("jpg") => "jpg",
        Some("webp") => "webp",
        _ => "png",
    };
    let files = expanded(&args.files)?;
    let session = Session::paying(global, screen, &args.paying.spending).await?;
    let background = args.bg_image_file.clone().map(|file| ImageArgument::File(file).absolute()).transpose()?;
    let (mut tasks, mut outputs) = (Vec::new(), HashMap::new());
    for file in files {
        let output = output(&file, args.output_directory.as_deref(), extension)?;
        if let Some(other) = outputs.insert(real(&output), file.clone()) {
            screen.say(format!("Skipped {}: {} becomes {} too.", shown(&file), shown(&other), shown(&output)));
            outputs.insert(real(&output), other);
            continue;
        }
        let image = ImageArgument::File(file).absolute()?;
        tasks.push(cut_out(image, background.clone(), parameters.clone(), Save::File(output))?);
    }
    let claims = match Journals::of(&session)? {
        Some(journals) => journals.claims(&session.account().await?, &tasks)?,
        None => Claims::default(),
    };
    let mut skipped = Vec::new();
    tasks.retain(|task| {
        let taken = claims.taken(task, args.reprocess_existing);
        skipped.extend(taken.map(|taken| (task.clone(), taken)));
        taken.is_none()
    });
    say_skipped(&session, &skipped);
    if tasks.is_empty() {
        screen.say("There is nothing to do.");
        return Ok(());
    }
    agree(&session, tasks.len(), &args)?;
    // Another run may have begun some of them meanwhile.
    let (journal, skipped) = plan(&session, "removebg", tasks, &args.paying, args.reprocess_existing).await?;
    say_skipped(&session, &skipped);
    run(&session, vec![journal], how(&args.paying, args.concurrency)).await
}

fn say_skipped(session: &Session, skipped: &[(Task, Taken)]) {
    for (task, taken) in skipped {
        session.screen.say(format!("Skipped {}: {}", task.name, taken.told(task)));
    }
    if skipped.iter().any(|(_, taken)| *taken == Taken::Begun) {
        session
            .screen
            .say("`leonardo resume` goes on with what was begun; --reprocess-existing pays for it once more.");
    }
}

/// Says what it will cost, and asks before many.
fn agree(session: &Session, count: usize, args: &Removebg) -> Result<(), Failure> {
    let pictures = if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") };
    let dollars = REMOVE_BG_DOLLARS * count as f64;
    session.screen.say(format!(
        "{pictures}: at most about {dollars:.2} dollars, at {REMOVE_BG_DOLLARS} each when this program was made. What \
         each did cost is said after it."
    ));
    let Ok(most) = usize::try_from(args.confirm_batch_over) else { return Ok(()) };
    if count <= most {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "{pictures} are more than {most}, and nobody can be asked: say --confirm-batch-over {count}, or -1"
        )));
    }
    session.screen.say(format!("Remove the backgrounds of {pictures}? Type yes to go on."));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::other(error.to_string()))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::usage("Nothing was sent.")),
    }
}

/// `dog.jpg` becomes `dog-removebg.png` beside it, or `dog.png` in the output directory.
fn output(file: &Path, directory: Option<&Path>, extension: &str) -> Result<PathBuf, Failure> {
    let stem = file.file_stem().ok_or_else(|| Failure::usage(format!("{} is no file", file.display())))?;
    let mut name = stem.to_owned();
    let directory = match directory {
        Some(directory) => directory,
        None => {
            name.push("-removebg");
            file.parent().unwrap_or(Path::new(""))
        }
    };
    name.push(format!(".{extension}"));
    absolute(&directory.join(name))
}

/// The flags as parameters of the model.
fn parameters(args: &Removebg) -> Result<Map<String, Value>, Failure> {
    let mut parameters = Map::new();
    let mut given = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            parameters.insert(name.to_owned(), value.clone().into());
        }
    };
    given("size", &args.size);
    given("type", &args.kind);
    given("channels", &args.channels);
    given("bg_color", &args.bg_color);
    given("format", &args.format);
    put_all(&mut parameters, &args.extra_api_option)?;
    // Numbers are for few of them; a colour such as 000000 is text.
    for name in ["bg_color", "type_level", "crop_margin", "roi", "scale", "position"] {
        if let Some(pair) = args.extra_api_option.iter().find(|pair| pair.starts_with(&format!("{name}="))) {
            parameters.insert(name.to_owned(), pair[name.len() + 1..].into());
        }
    }
    if let Some(size) = parameters.get_mut("size") {
        match size.as_str().unwrap_or_default() {
            "small" | "regular" => *size = "preview".into(),
            "medium" | "hd" | "4k" => *size = "full".into(),
            _ => {}
        }
    }
    match parameters.get("format").and_then(Value::as_str) {
        Some("zip") => {
            return Err(Failure::usage(
                "there is no format zip any more. Say --format png for one file with transparency; or --format jpg for the \
                 colours and, once more with another --output-directory, --channels alpha for the mask.",
            ));
        }
        Some("auto") => _ = parameters.remove("format"),
        _ => {}
    }
    if parameters.remove("add_shadow").is_some_and(|shadow| shadow == true || shadow == "true") {
        parameters.insert("shadow_type".into(), "car".into());
    }
    Ok(parameters)
}

/// Files, and those that patterns such as `dogs/*.jpg` stand for where the shell has not replaced them.
fn expanded(arguments: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if path.is_file() {
            files.push(path.to_owned());
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.contains(['*', '?']) {
            return Err(Failure::usage(format!("{argument} is no file")));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let named = |error: std::io::Error| Failure::usage(format!("{}: {error}", directory.display()));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(named)? {
            let entry = entry.map_err(named)?;
            if entry.path().is_file() && matches(name.as_bytes(), entry.file_name().as_encoded_bytes()) {
                found.push(path.with_file_name(entry.file_name()));
            }
        }
        if found.is_empty() {
            return Err(Failure::usage(format!("{argument} stands for no file")));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// Whether a name is as a pattern with `*` and `?` says.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => matches(rest, name) || (!name.is_empty() && matches(pattern, &name[1..])),
        ([b'?', rest @ ..], [_, after @ ..]) => matches(rest, after),
        ([one, rest @ ..], [other, after @ ..]) => one == other && matches(rest, after),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_called_as_by_the_tool_of_remove_bg() {
        let output = |file: &str, directory: Option<&str>, extension| {
            output(Path::new(file), directory.map(Path::new), extension).unwrap()
        };
        assert_eq!(output("/a/dog.jpg", None, "png"), Path::new("/a/dog-removebg.png"));
        assert_eq!(output("/a/dog.jpg", Some("/b"), "webp"), Path::new("/b/dog.webp"));
    }

    #[test]
    fn patterns_stand_for_names() {
        let is = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes());
        assert!(is("*.jpg", "a.jpg") && is("a?c*", "abc") && is("*", ""));
        assert!(!is("*.jpg", "a.png") && !is("a?c", "ac"));
    }
}
