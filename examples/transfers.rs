//! Memory and speed of large transfers: `transfers [--server URL --key KEY] [--download BYTES] [--upload BYTES]`.
//!
//! Prints a row for each: a download to a file, the same to a writer, and an upload of a file. Each runs in a process of
//! its own, whose peak of resident memory is told (on Linux). Without `--server` the emulator is started, which must be
//! built in the same profile before:
//!
//! ```sh
//! cargo build --release -p leonardo-ai-emulator
//! cargo run --release --features full --example transfers
//! ```
//!
//! The exit status is 1 if a transfer fails or needs 32 MiB or more.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_download, init_images_upload_file};

const MIB: u64 = 1024 * 1024;
const MOST_RESIDENT: u64 = 32 * MIB;
const TRANSFERS: [&str; 3] = ["download to a file", "download to a writer", "upload of a file"];

struct Settings {
    server: Option<String>,
    key: String,
    download: u64,
    upload: u64,
    /// The one transfer that this process makes.
    only: Option<String>,
}

fn settings() -> Result<Settings, String> {
    let key = "11111111-2222-4333-8444-555555555555".to_owned();
    let mut settings = Settings { server: None, key, download: 1024 * MIB, upload: 200 * MIB, only: None };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or(format!("{name} needs a value"))?;
        let bytes = || value.parse().map_err(|_| format!("{name} does not take {value:?}"));
        match name.as_str() {
            "--server" => settings.server = Some(value),
            "--key" => settings.key = value,
            "--download" => settings.download = bytes()?,
            "--upload" => settings.upload = bytes()?,
            "--only" => settings.only = Some(value),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(settings)
}

fn main() -> ExitCode {
    let settings = match settings() {
        Ok(settings) => settings,
        Err(problem) => {
            eprintln!("{problem}\nusage: transfers [--server URL --key KEY] [--download BYTES] [--upload BYTES]");
            return ExitCode::from(2);
        }
    };
    let result = match &settings.only {
        Some(transfer) => one(&settings, transfer),
        None => all(&settings),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The emulator as a process, which ends with this value.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn emulator(settings: &Settings) -> Result<(Emulator, String), Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let directory = own.parent().and_then(|examples| examples.parent()).ok_or("this program is nowhere")?;
    let program = directory.join(format!("leonardo-ai-emulator{}", std::env::consts::EXE_SUFFIX));
    let started = Command::new(&program)
        .args(["--port", "0", "--no-limits", "--key", &settings.key])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}; build it first", program.display()));
    let mut emulator = Emulator(started?);
    let mut output = BufReader::new(emulator.0.stdout.take().ok_or("the emulator has no output")?);
    let (mut line, mut key) = (String::new(), String::new());
    output.read_line(&mut line)?;
    // It would fail if nobody read what it prints.
    output.read_line(&mut key)?;
    let url = line.trim().strip_prefix("LEONARDO_SERVER_URL=").ok_or("the emulator does not say where it is")?;
    Ok((emulator, url.to_owned()))
}

fn all(settings: &Settings) -> Result<bool, Box<dyn Error>> {
    let (_emulator, server) = match &settings.server {
        Some(server) => (None, server.clone()),
        None => emulator(settings).map(|(emulator, server)| (Some(emulator), server))?,
    };
    println!("| transfer | MiB | seconds | MiB/s | peak resident MiB |");
    println!("|---|---|---|---|---|");
    let mut good = true;
    for transfer in TRANSFERS {
        std::io::stdout().flush()?;
        let status = Command::new(std::env::current_exe()?)
            .args(["--only", transfer, "--server", &server, "--key", &settings.key])
            .args(["--download", &settings.download.to_string(), "--upload", &settings.upload.to_string()])
            .status()?;
        good &= status.success();
    }
    Ok(good)
}

#[tokio::main]
async fn one(settings: &Settings, transfer: &str) -> Result<bool, Box<dyn Error>> {
    let server = settings.server.as_deref().ok_or("--server is missing")?;
    let core = LeonardoCore::builder().bearer_auth(&settings.key).server_url(server).build()?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("large");
    let url = core.server_url().replace("/api/rest", &format!("/cdn/blob/{}", settings.download));
    let download = image_download(&core, url).any_content(true).max_bytes(settings.download);
    let bytes = if transfer.starts_with("download") { settings.download } else { settings.upload };
    if transfer.starts_with("upload") {
        let mut file = std::fs::File::create(&path)?;
        file.write_all(b"\x89PNG\r\n\x1a\n")?;
        file.set_len(bytes)?;
    }

    let started = Instant::now();
    match transfer {
        "download to a file" => _ = download.to_file(&path).await?,
        "download to a writer" => _ = download.to_writer(tokio::io::sink()).await?,
        "upload of a file" => _ = init_images_upload_file(&core, &path).await?,
        _ => return Err(format!("there is no transfer {transfer:?}").into()),
    }
    let seconds = started.elapsed().as_secs_f64();

    let mib = bytes as f64 / MIB as f64;
    let peak = peak();
    let shown = peak.map_or("?".to_owned(), |peak| format!("{:.1}", peak as f64 / MIB as f64));
    println!("| {transfer} | {mib:.0} | {seconds:.1} | {:.0} | {shown} |", mib / seconds);
    Ok(peak.is_none_or(|peak| peak < MOST_RESIDENT))
}

/// The most memory that was ever resident, in bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
