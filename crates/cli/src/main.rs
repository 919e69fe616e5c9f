//! `leonardo`: images, videos and everything else of the Leonardo.Ai API, from the shell.

mod args;
mod call;
mod commands;
mod echo;
mod failure;
mod journal;
mod money;
#[cfg(feature = "pictures")]
mod pictures;
mod results;
mod screen;
mod session;
mod source;
mod task;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::screen::Screen;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(cli.global.json);
    let stops_itself = cli.command.stops_itself();
    let done = tokio::select! {
        // Dropping the work removes the files that are not whole.
        done = commands::run(cli, &screen) => done,
        () = told_to_stop(), if !stops_itself => {
            screen.interrupted();
            Err(Failure::Told(INTERRUPTED))
        }
    };
    echo::restore();
    let status = done.err().map_or(DONE, |failure| {
        if let Some(message) = failure.message() {
            screen.complain(message);
        }
        failure.status()
    });
    ExitCode::from(status)
}

/// Waits for Ctrl-C or, where there is such a thing, SIGTERM.
async fn told_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
