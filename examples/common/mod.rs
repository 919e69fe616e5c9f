//! What the examples have in common.

use std::error::Error;
use std::future::Future;
use std::process::ExitCode;

use leonardo_ai::LeonardoCore;
use leonardo_ai_emulator::Emulator;

/// The core of the environment or, without a key, that of an emulator, which stops when it is dropped.
#[allow(dead_code, reason = "an example may have settings of its own")]
pub async fn service() -> Result<(LeonardoCore, Option<Emulator>), Box<dyn Error>> {
    if std::env::var_os("LEONARDO_API_KEY").is_some() {
        let core = LeonardoCore::from_env()?;
        println!("Using {}, which charges for it.", core.server_url());
        return Ok((core, None));
    }
    let emulator = Emulator::start().await?;
    println!("LEONARDO_API_KEY is not set: using the emulator, which draws the pictures itself.");
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build()?;
    Ok((core, Some(emulator)))
}

#[allow(dead_code, reason = "the web service ends in another way")]
/// Does the work until it is done or Ctrl-C comes. Dropping the work removes the files that are not whole.
pub async fn until_interrupted(work: impl Future<Output = Result<ExitCode, Box<dyn Error>>>) -> ExitCode {
    let done = tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err("interrupted; what is whole was kept".into()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}
