//! Many requests of a file, and what is left of earlier runs.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::create::{absolute, how, look_at_money};
use super::request::{Model, images};
use crate::args::{Batch, Resume};
use crate::failure::{FAILED, Failure, UNKNOWN, USAGE};
use crate::journal::{Event, Job, Journal, Journals, State, hash};
use crate::session::Session;
use crate::task::{Create, Save, Task, read};
use crate::work::{How, run};

pub async fn batch(args: Batch, session: &Session) -> Result<(), Failure> {
    let model = Model::named(args.options.model.as_deref(), &session.core).await?;
    let out = absolute(&args.creating.out)?;
    let tasks = tasks(&args, &model, &out)?;
    let paying = &args.creating.paying;
    for task in &tasks {
        task.check(paying.checked)?;
    }
    crate::work::save::make(&out)?;
    let account = session.account().await?;
    let mut journal = match Journals::of(session)? {
        None => Journal::in_memory(),
        Some(journals) => {
            // The same command goes on with the same journal.
            let file = absolute(&args.file)?;
            let place = format!("{}\n{}\n{}\n{}", account.server, account.user, file.display(), out.display());
            let journal = journals.named(&format!("batch-{}", hash(&place)), &account, "batch")?;
            journal.ok_or_else(|| Failure::usage(format!("{} is in use by another run", args.file.display())))?
        }
    };
    journal.keep();
    if args.anew {
        journal.begin_anew()?;
    }
    let (new, gone) = new_tasks(&journal, tasks);
    if gone > 0 {
        session
            .screen
            .say(format!("{gone} begun before are not in the file any more; they are finished all the same."));
    }
    let open = journal.history().jobs.values().filter(|job| job.may_cost()).map(|job| job.task.clone());
    look_at_money(session, &open.chain(new.iter().cloned()).collect::<Vec<_>>()).await?;
    journal.limit(session)?;
    journal.plan(new)?;
    let over = journal.history().jobs.values().filter(|job| matches!(job.state, State::Over)).count();
    let how = How { look_at_files: true, ..how(paying, args.concurrency) };
    run(session, vec![journal], how).await?;
    if over > 0 {
        session.screen.say(format!(
            "{over} were refused or failed before, and are not tried again: change the line, or say --anew."
        ));
        return Err(Failure::Told(FAILED));
    }
    Ok(())
}

/// The tasks that the journal does not have, and how many open ones of the journal have no line any more.
fn new_tasks(journal: &Journal, tasks: Vec<Task>) -> (Vec<Task>, usize) {
    let jobs = &journal.history().jobs;
    let known: HashMap<_, _> = jobs.values().filter_map(|job| Some((job.task.key.clone()?, job))).collect();
    let keys: Vec<_> = tasks.iter().filter_map(|task| task.key.clone()).collect();
    let gone = known.iter().filter(|(key, job)| job.is_open() && !keys.contains(key)).count();
    let new = tasks.into_iter().filter(|task| task.key.as_ref().is_none_or(|key| !known.contains_key(key)));
    (new.collect(), gone)
}

/// A task for each line that is not empty.
fn tasks(args: &Batch, model: &Model, out: &Path) -> Result<Vec<Task>, Failure> {
    let text =
        fs::read_to_string(&args.file).map_err(|error| Failure::usage(format!("{}: {error}", args.file.display())))?;
    let mut copies: HashMap<String, usize> = HashMap::new();
    let mut tasks = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate() {
        if line.is_empty() {
            continue;
        }
        let named = |failure: Failure| {
            Failure::usage(format!("line {}: {}", number + 1, failure.message().unwrap_or_default()))
        };
        let (create, request, name) = of_line(line, args, model).map_err(named)?;
        let (create_name, out_name) = (json!(create), out.display());
        let digest = hash(&format!("{create_name}\n{request}\n{out_name}"));
        let copy = copies.entry(digest.clone()).or_default();
        *copy += 1;
        let key = Some(format!("{digest}-{copy}"));
        tasks.push(Task { create, name, request, inputs: Vec::new(), save: Save::Directory(out.to_owned()), key });
    }
    Ok(tasks)
}

fn of_line(line: &str, args: &Batch, model: &Model) -> Result<(Create, Value, String), Failure> {
    if !line.starts_with('{') {
        let (create, request) = images(model, &args.options, line)?;
        return Ok((create, request, line.to_owned()));
    }
    let fields: Map<String, Value> =
        read(serde_json::from_str(line).map_err(|error| Failure::usage(error.to_string()))?)?;
    let prompt =
        |request: &Value, at: &str| request.pointer(at).and_then(Value::as_str).unwrap_or("no prompt").to_owned();
    if fields.contains_key("parameters") {
        let request = Value::from(fields);
        let name = prompt(&request, "/parameters/prompt");
        return Ok((Create::V2, request, name));
    }
    let (create, mut request) = images(model, &args.options, "")?;
    let into = if create == Create::V2 { request["parameters"].as_object_mut() } else { request.as_object_mut() };
    if let Some(into) = into {
        into.extend(fields);
    }
    let name = prompt(&request, if create == Create::V2 { "/parameters/prompt" } else { "/prompt" });
    if name.is_empty() {
        return Err(Failure::usage("there is no prompt"));
    }
    Ok((create, request, name))
}

pub async fn resume(args: Resume, session: &Session) -> Result<(), Failure> {
    let screen = &session.screen;
    let Some(journals) = Journals::of(session)? else {
        return Err(Failure::usage("an emulator of this program's own has nothing that could be resumed"));
    };
    let account = session.account().await?;
    let (mut left, others) = journals.left(&account)?;
    if !others.in_use.is_empty() {
        screen.say(format!("{} runs are still going on; they are left alone.", others.in_use.len()));
    }
    if others.of_others > 0 {
        screen.say(format!("{} journals are of other servers or accounts; they are left alone.", others.of_others));
    }
    left.retain(|journal| journal.history().jobs.values().any(Job::is_left));
    if !others.problems.is_empty() {
        others.problems.iter().for_each(|(_, problem)| screen.complain(problem));
        finish(args, session, left).await?;
        return Err(Failure::Told(USAGE));
    }
    finish(args, session, left).await
}

/// Does, lists or forgets what is left.
async fn finish(args: Resume, session: &Session, mut left: Vec<Journal>) -> Result<(), Failure> {
    let screen = &session.screen;
    if left.is_empty() {
        screen.say("Nothing is left to do.");
        return Ok(());
    }
    if args.list {
        return list(session, &left);
    }
    for journal in &mut left {
        if journal.history().command == "batch" {
            journal.keep();
        }
    }
    if args.forget {
        for mut journal in left {
            let ids: Vec<_> =
                journal.history().jobs.iter().filter(|(_, job)| job.is_left()).map(|(id, _)| *id).collect();
            journal.write_all(ids.iter().map(|id| (Some(*id), Event::Forgotten)))?;
            screen.say(format!("Forgot {} of `leonardo {}`.", ids.len(), journal.history().command));
            journal.close();
        }
        return Ok(());
    }
    if session.money.is_some() {
        let jobs = left.iter().flat_map(|journal| journal.history().jobs.values());
        let open = jobs.filter(|job| job.may_cost()).map(|job| job.task.clone());
        look_at_money(session, &open.collect::<Vec<_>>()).await?;
        for journal in &mut left {
            journal.limit(session)?;
        }
    }
    let how = How { concurrency: args.concurrency.into(), grace: args.grace, show: None, look_at_files: false };
    run(session, left, how).await
}

/// Lists what is left, and how far it is.
fn list(session: &Session, journals: &[Journal]) -> Result<(), Failure> {
    let mut is_unknown = false;
    for journal in journals {
        let command = &journal.history().command;
        for job in journal.history().jobs.values() {
            let (state, id) = match &job.state {
                State::Planned => ("not sent", None),
                State::Sending { .. } => ("may have been sent", None),
                State::Unknown { .. } => ("unknown", None),
                State::Created { made } => ("created", Some(&made.id)),
                State::Saved { .. } | State::Over => continue,
            };
            is_unknown |= matches!(job.state, State::Unknown { .. });
            let name = super::records::cut(&job.task.name, 44);
            let object = json!({ "command": command, "name": job.task.name, "state": state, "id": id });
            session.screen.result(format!("{command:<10}  {state:<18}  {name}"), &object);
        }
    }
    if is_unknown { Err(Failure::Told(UNKNOWN)) } else { Ok(()) }
}
