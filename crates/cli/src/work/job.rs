//! One job of a journal, step by step.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

use leonardo_ai::funcs::{
    dataset_create_dataset, dataset_upload_file, init_images_upload_canvas_files, init_images_upload_file,
};
use leonardo_ai::models::{Cost, CreateDatasetRequest};
use leonardo_ai::{ApiErrorKind, Error, Retry, SpendingReason};
use serde_json::{Value, json};

use super::create::{Attempt, create, mark};
use super::fetch::{Fetched, Missing, fetch};
use super::runner::{End, Runner, lock};
use super::save;
use crate::failure::{DONE, FAILED, Failure, UNKNOWN};
use crate::journal::{Event, Job, JobId, Journal, Made, Mark, Saved, State};
use crate::money;
use crate::results::{saved, show_all};
use crate::screen::Doing;
use crate::task::{Input, Task, put};

/// A job that is worked on.
pub(super) struct Work {
    pub(super) runner: Arc<Runner>,
    pub(super) journal: usize,
    pub(super) id: JobId,
    pub(super) task: Task,
}

impl Work {
    pub(super) async fn finish(self, job: Job) -> End {
        let counts = !matches!(job.state, State::Saved { .. });
        let end = match self.advance(job.state).await {
            Ok(cost) => End { status: DONE, counts, cost },
            Err(status) => End { status, counts, cost: None },
        };
        if let Some(count) = &self.runner.count {
            count.one_more();
        }
        end
    }

    /// Goes on from a state to the end. What went wrong is told here, and an exit status given.
    async fn advance(&self, state: State) -> Result<Option<Cost>, u8> {
        let doing = self.runner.screen.doing(self.task.name.clone());
        let made = match state {
            State::Planned => self.prepare_and_create(&doing).await?,
            State::Sending { mark: Mark::None, .. } => {
                let reason = "the program was ended before the response came.";
                self.write(Event::Unknown { reason: reason.to_owned() })?;
                return Err(self.unknown(reason));
            }
            State::Sending { mark, since } => {
                // The request has its mark since it was prepared.
                self.create(self.task.request.clone(), mark, Some(since), &doing).await?
            }
            State::Unknown { reason } => return Err(self.unknown(&reason)),
            State::Created { made } | State::Saved { made, .. } => {
                save::remove_parts(&self.task.save, &made.id);
                made
            }
            State::Over => return Ok(None),
        };
        self.fetch(made, &doing).await
    }

    async fn prepare_and_create(&self, doing: &Doing) -> Result<Made, u8> {
        self.go_on()?;
        let mut request = self.task.request.clone();
        let mut inputs = self.task.inputs.clone();
        while !inputs.is_empty() {
            let input = inputs.remove(0);
            doing.now(format!("uploading: {}", self.task.name));
            self.upload(&mut request, input).await.map_err(|failure| self.failed(&failure))?;
            self.write(Event::Prepared { request: request.clone(), inputs: inputs.clone() })?;
        }
        let before = request.clone();
        let mark = mark(self.task.create, &mut request).map_err(|failure| self.failed(&failure))?;
        if request != before {
            self.write(Event::Prepared { request: request.clone(), inputs })?;
        }
        self.create(request, mark, None, doing).await
    }

    async fn upload(&self, request: &mut Value, input: Input) -> Result<(), Failure> {
        let core = &self.runner.core;
        match input {
            Input::Image { file, to } => {
                let id = init_images_upload_file(core, file).await?;
                put(request, &to, id.to_string().into());
            }
            Input::Canvas { image, mask } => {
                let canvas = init_images_upload_canvas_files(core, image, mask).await?;
                request["canvasInitId"] = canvas.init_image_id.to_string().into();
                request["canvasMaskId"] = canvas.mask_image_id.to_string().into();
            }
            Input::Dataset { name } => {
                let made = dataset_create_dataset(core, CreateDatasetRequest::new(name)).await?;
                request["datasetId"] = made.id.to_string().into();
            }
            Input::Picture { file } => {
                let dataset = request["datasetId"].as_str().unwrap_or_default().to_owned();
                dataset_upload_file(core, dataset, file).await?;
            }
        }
        Ok(())
    }

    async fn create(&self, request: Value, mark: Mark, since: Option<SystemTime>, doing: &Doing) -> Result<Made, u8> {
        let runner = &self.runner;
        let at_most = match &runner.money {
            Some(money) => money.allowed(&runner.core, &self.task).await.map_err(|failure| self.failed(&failure))?,
            None => None,
        };
        self.go_on()?;
        // From here on it may be sent, whatever becomes of this program.
        self.write(Event::Sending { mark })?;
        let what = if since.is_some() { "looking for" } else { "creating" };
        doing.now(format!("{what}: {}", self.task.name));
        let send = || {
            let (at_most, told) = (at_most.clone(), self.told());
            let attempt = Attempt { mark, since, grace: runner.how.grace, at_most, told };
            create(&runner.core, self.task.create, request.clone(), attempt)
        };
        let turn = runner.creating.read().await;
        let mut made = send().await;
        drop(turn);
        if made.as_ref().is_err_and(waits_for_others) {
            // What others have set aside, and do not need, may be enough.
            let _alone = runner.creating.write().await;
            made = send().await;
        }
        let made = made.map_err(|failure| self.not_created(failure, mark))?;
        self.write(Event::Created { made: made.clone() })?;
        if let (Some(money), Some(cost)) = (&runner.money, &made.cost)
            && let Some(exceeded) = money.exceeded(self.task.create, cost)
        {
            runner.stop.store(true, Ordering::Relaxed);
            runner.screen.complain(format!("{}: {exceeded}", self.task.name));
        }
        Ok(made)
    }

    /// Fails once nothing more is to be created.
    fn go_on(&self) -> Result<(), u8> {
        if !self.runner.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.runner.not_sent.fetch_add(1, Ordering::Relaxed);
        if self.runner.screen.is_json() {
            self.tell_json("not sent, since it would fare no better", Some(false));
        }
        Err(FAILED)
    }

    fn not_created(&self, failure: Failure, mark: Mark) -> u8 {
        let Failure::Call(error) = &failure else { return self.failed(&failure) };
        if let Error::SpendingLimit(limited) = error {
            let reason = money::refused(&limited.reason);
            if matches!(limited.reason, SpendingReason::Limit { .. }) {
                self.runner.stop.store(true, Ordering::Relaxed);
            }
            self.runner.not_sent.fetch_add(1, Ordering::Relaxed);
            self.tell(&reason, Some(error));
            return self.write(Event::Withheld { reason }).err().unwrap_or(FAILED);
        }
        let reason = error.to_string();
        let event = match error.may_have_been_charged() {
            // The response may tell what was made though something is wrong with it.
            true if error.generation_id().is_some() => {
                let id = error.generation_id().unwrap_or_default().to_owned();
                Event::Created { made: Made { id, cost: None, link: None } }
            }
            true if mark == Mark::None => Event::Unknown { reason },
            // It is looked for when this is resumed.
            true => {
                self.tell(&format!("{reason} `leonardo resume` looks for it."), Some(error));
                return UNKNOWN;
            }
            false => {
                let last = is_about_the_request(error);
                if !last && is_about_the_account(error) {
                    self.runner.stop.store(true, Ordering::Relaxed);
                }
                Event::Refused { reason, last }
            }
        };
        let unknown = matches!(event, Event::Unknown { .. } | Event::Created { .. });
        let status = if unknown { UNKNOWN } else { failure.status() };
        self.tell(&error.to_string(), Some(error));
        self.write(event).err().unwrap_or(status)
    }

    async fn fetch(&self, made: Made, doing: &Doing) -> Result<Option<Cost>, u8> {
        let runner = &self.runner;
        doing.now(format!("{}: {}", made.id, self.task.name));
        let Task { create, save, .. } = &self.task;
        let Fetched { files, more } = match fetch(&runner.core, *create, &made, save, self.told()).await {
            Ok(fetched) => fetched,
            Err(Missing::Failed(reason)) => {
                self.tell(&reason, None);
                self.write(Event::Failed { reason })?;
                return Err(FAILED);
            }
            Err(Missing::Later(failure)) => return Err(self.failed(&failure)),
        };
        let whole = |path: PathBuf| {
            let bytes = std::fs::metadata(&path).map_err(|error| Failure::file(&path, error))?.len();
            Ok(Saved { path, bytes })
        };
        let kept: Result<Vec<_>, Failure> = files.iter().cloned().map(whole).collect();
        self.write(Event::Saved { files: kept.map_err(|failure| self.failed(&failure))? })?;
        self.result(&made, &files, &more);
        Ok(made.cost)
    }

    fn result(&self, made: &Made, files: &[PathBuf], more: &Value) {
        let mut object = json!({
            "name": self.task.name, "kind": self.task.create, "id": made.id, "cost": made.cost, "files": files,
        });
        if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
            object.extend(more.clone());
        }
        let mut text = vec![self.task.name.clone(), format!("Id: {}", made.id)];
        if let Some(seed) = more.get("seed").and_then(Value::as_i64) {
            text.push(format!("Seed: {seed}"));
        }
        // The cost stands in the response to the create, which may have been lost.
        text.push(format!("Cost: {}", made.cost.as_ref().map_or("not told".to_owned(), ToString::to_string)));
        if !files.is_empty() {
            text.push(saved(files));
        }
        self.runner.screen.result(text.join("\n"), &object);
        show_all(self.runner.how.show, files, &self.runner.screen);
        for reason in more.get("failedOutputs").and_then(Value::as_array).into_iter().flatten() {
            self.runner.screen.complain(format!("an output failed: {reason}"));
        }
    }

    fn unknown(&self, reason: &str) -> u8 {
        self.tell(
            &format!(
                "the outcome is unknown, and it is not sent again: {reason} Look at the account; `leonardo resume \
                 --forget` gives it up."
            ),
            None,
        );
        UNKNOWN
    }

    /// Something that may go well another time.
    fn failed(&self, failure: &Failure) -> u8 {
        if let Some(message) = failure.message() {
            let error = if let Failure::Call(error) = failure { Some(error) } else { None };
            self.tell(&message, error);
        }
        failure.status()
    }

    fn tell(&self, problem: &str, error: Option<&Error>) {
        let screen = &self.runner.screen;
        if screen.is_json() {
            self.tell_json(problem, error.map(Error::may_have_been_charged));
        }
        screen.complain(format!("{}: {problem}", self.task.name));
    }

    fn tell_json(&self, problem: &str, charged: Option<bool>) {
        let object = json!({
            "name": self.task.name, "kind": self.task.create, "error": problem, "mayHaveBeenCharged": charged,
        });
        self.runner.screen.result("", &object);
    }

    fn told(&self) -> Box<dyn FnMut(&Retry) + Send> {
        let (screen, name) = (self.runner.screen.clone(), self.task.name.clone());
        Box::new(move |retry| screen.say(format!("{name}: {retry}")))
    }

    /// Without the line on the disk nothing must go on.
    fn write(&self, event: Event) -> Result<(), u8> {
        // Other jobs of this thread go on elsewhere meanwhile.
        let written = tokio::task::block_in_place(|| self.journal().write(Some(self.id), event));
        written.map_err(|failure| {
            self.runner.stop.store(true, Ordering::Relaxed);
            self.failed(&failure)
        })
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.runner.journals[self.journal])
    }
}

/// Whether the limit would allow it if others had not set something aside.
fn waits_for_others(failure: &Failure) -> bool {
    let Failure::Call(Error::SpendingLimit(limited)) = failure else { return false };
    matches!(&limited.reason, SpendingReason::Limit { reserved, .. } if reserved.amount_f64().is_some_and(|sum| sum > 0.0))
}

/// Whether the same request would be refused again.
fn is_about_the_request(error: &Error) -> bool {
    let refused = [ApiErrorKind::Moderation, ApiErrorKind::InvalidRequest];
    matches!(error, Error::InvalidRequest(_)) || error.api().is_some_and(|api| refused.contains(&api.kind))
}

/// Whether other requests would be refused as well. What is wrong with a file of the user's is not.
fn is_about_the_account(error: &Error) -> bool {
    !matches!(error, Error::Workflow(_) | Error::InvalidRequest(_)) || error.api().is_some()
}
