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

use crate::args::{Blueprint, Cli, Command, Emulate, Spending};
use crate::call;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

pub async fn run(cli: Cli, screen: &Screen) -> Result<(), Failure> {
    let Cli { command, global } = cli;
    let session = || Session::connect(&global, screen);
    let paying = async |spending: &Spending| Session::paying(&global, screen, spending).await;
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
        Command::Generate(generate) => {
            let session = paying(&generate.creating.paying.spending).await?;
            create::generate(*generate, &session).await
        }
        Command::Edit(edit) => {
            let session = paying(&edit.creating.paying.spending).await?;
            create::edit(*edit, &session).await
        }
        Command::Video(video) => {
            let session = paying(&video.creating.paying.spending).await?;
            create::video(video, &session).await
        }
        Command::Upscale(upscale) => {
            let session = paying(&upscale.creating.paying.spending).await?;
            create::upscale(upscale, &session).await
        }
        Command::Unzoom(unzoom) => {
            let session = paying(&unzoom.creating.paying.spending).await?;
            create::unzoom(unzoom, &session).await
        }
        Command::RemoveBg(remove) => {
            let session = paying(&remove.paying.spending).await?;
            create::remove_bg(remove, &session).await
        }
        Command::Train(train) => {
            let session = paying(&train.paying.spending).await?;
            create::train(train, &session).await
        }
        Command::Blueprint(Blueprint::Run(run)) => {
            let session = paying(&run.creating.paying.spending).await?;
            create::blueprint_run(*run, &session).await
        }
        Command::Batch(args) => {
            let session = paying(&args.creating.paying.spending).await?;
            batch::batch(*args, &session).await
        }
        Command::Resume(args) => {
            let session = paying(&args.spending).await?;
            batch::resume(args, &session).await
        }
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
