//! The options of a command line, all of the form `--name value`, and how a program is told to end.
#![allow(dead_code, reason = "each example needs a part of it")]

use std::error::Error;
use std::time::Duration;

/// The values of these options, which have the ones given here unless the command says otherwise.
pub fn options<const N: usize>(defaults: [(&str, &str); N]) -> Result<[String; N], Box<dyn Error>> {
    let mut values = defaults.map(|(_, value)| value.to_owned());
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        let Some(option) = defaults.iter().position(|(option, _)| *option == name) else {
            let known = defaults.map(|(option, value)| format!("{option} (defaults to {value:?})"));
            return Err(format!("there is no option {name}; known are {}", known.join(", ")).into());
        };
        values[option] = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
    }
    Ok(values)
}

pub fn seconds(text: &str) -> Result<Duration, Box<dyn Error>> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("{text:?} is no number of seconds").into())
}

/// Waits for Ctrl-C or, where there is such a thing, SIGTERM.
pub async fn told_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
