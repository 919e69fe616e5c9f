//! What each command does.

mod account;
mod batch;
mod create;
#[cfg(feature = "jobs")]
mod jobs;
mod records;
mod removebg;
mod request;
pub mod transfer;

use clap::CommandFactory as _;
use leonardo_ai_emulator::{Emulator, Limits};

use crate::args::{Blueprint, Cli, Command, Emulate};
use crate::call;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

pub async fn run(cli: Cli, screen: &Screen) -> Result<(), Failure> {
    let Cli { command, global } = cli;
    let spending = command.spending().cloned().unwrap_or_default();
    let session = || Session::paying(&global, screen, &spending);
    match command {
        Command::Call(call) => call::run(call, &global, screen).await,
        Command::Emulator(emulate) => emulator(emulate, screen).await,
        Command::Completions(completions) => {
            let mut script = Vec::new();
            clap_complete::generate(completions.shell, &mut Cli::command(), "leonardo", &mut script);
            screen.text(&String::from_utf8_lossy(&script));
            Ok(())
        }
        Command::List(list) => records::list(list, &session().await?).await,
        Command::Show(show) => records::show(show, &session().await?).await,
        Command::Wait(wait) => records::wait(wait, &session().await?).await,
        Command::Delete(delete) => records::delete(delete, &session().await?).await,
        Command::Download(download) => transfer::download(download, &session().await?).await,
        Command::Upload(upload) => transfer::upload(upload, &session().await?).await,
        Command::Models(models) => account::models(models, &session().await?).await,
        Command::Account => account::show(&session().await?).await,
        Command::Prompt(prompt) => account::prompt(prompt, &session().await?).await,
        Command::Blueprint(Blueprint::List) => account::blueprints(&session().await?).await,
        Command::Blueprint(Blueprint::Show { id }) => account::blueprint(id, &session().await?).await,
        Command::Estimate(estimate) => account::estimate(*estimate, &session().await?).await,
        Command::Generate(generate) => create::generate(*generate, &session().await?).await,
        Command::Edit(edit) => create::edit(*edit, &session().await?).await,
        Command::Video(video) => create::video(video, &session().await?).await,
        Command::Upscale(upscale) => create::upscale(upscale, &session().await?).await,
        Command::Unzoom(unzoom) => create::unzoom(unzoom, &session().await?).await,
        Command::RemoveBg(remove) => create::remove_bg(remove, &session().await?).await,
        Command::Train(train) => create::train(train, &session().await?).await,
        Command::Blueprint(Blueprint::Run(run)) => create::blueprint_run(*run, &session().await?).await,
        Command::Batch(args) => batch::batch(*args, &session().await?).await,
        Command::Resume(args) => batch::resume(args, &session().await?).await,
        #[cfg(feature = "jobs")]
        Command::Jobs(args) => jobs::run(args, &global, screen).await,
        Command::Removebg(args) => removebg::removebg(args, &global, screen).await,
    }
}

/// Serves until the program is interrupted.
async fn emulator(Emulate { port, key, generation_time }: Emulate, screen: &Screen) -> Result<(), Failure> {
    let builder = Emulator::builder().port(port).generation_time(generation_time).limits(Limits::default());
    let builder = match key {
        Some(key) => builder.key(key),
        None => builder,
    };
    let started = builder.start().await;
    let emulator = started.map_err(|error| Failure::other(format!("cannot listen on 127.0.0.1:{port}: {error}")))?;
    let (server, key) = (emulator.base_url(), emulator.key());
    screen.result(
        format!("LEONARDO_SERVER_URL={server}\nLEONARDO_API_KEY={key}"),
        &serde_json::json!({ "serverUrl": server, "key": key }),
    );
    screen.set_hint(Some(Box::new(|| "The emulator has ended.".into())));
    std::future::pending().await
}
