//! This program once more, as the emulator in a process of its own.

use std::error::Error;
use std::process::{ExitCode, Stdio};

use leonardo_ai_emulator::Emulator;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Starts it with these arguments: the process, which ends when it is dropped, the base URL and the key.
pub async fn start(arguments: &[String]) -> Result<(Child, String, String), Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("the emulator says nothing")?).lines();
    let url = lines.next_line().await?.ok_or("the emulator did not start")?;
    let key = lines.next_line().await?.ok_or("the emulator did not start")?;
    Ok((child, url, key))
}

/// Tells where the emulator is, and keeps it until standard input ends.
pub async fn serve(emulator: Emulator) -> ExitCode {
    println!("{}\n{}", emulator.base_url(), emulator.key());
    let _ = tokio::io::stdin().read(&mut [0]).await;
    ExitCode::SUCCESS
}
