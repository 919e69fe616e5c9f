//! The emulator as a program.

use std::process::ExitCode;
use std::time::Duration;

use leonardo_ai_emulator::{Emulator, EmulatorBuilder, Limits, Plan};

const HELP: &str = "\
A local Leonardo.Ai: responds on 127.0.0.1 as the image API does.

Usage: leonardo-ai-emulator [OPTIONS]

Options:
  --port PORT             port to listen on, 0 for a free one [default: 8080]
  --key UUID              API key to accept [default: a random one]
  --generation-time MS    how long a generation is pending [default: 2000]
  --record-delay MS       how long a new generation cannot be found [default: 0]
  --latency MS            how long every response takes [default: 0]
  --fail-every N          have every N-th generation fail
  --plan PLAN             how the account pays: credits, or pay-as-you-go in
                          dollars [default: credits]
  --balance AMOUNT        what the account starts with [default: 10000 credits
                          or 100 dollars]
  --clock-skew MS         how far the service's clock is ahead [default: 0]
  --no-limits             no limits; without this, those of the real service
  --upload-limit BYTES    the largest upload [default: 268435456]
  --v2-flat               responses to creates of version 2 have their fields at
                          the top level, not below generate
  --v2-unlisted           the account's list has no generations of version 2
  --webhook URL           where to tell of completed generations (plain HTTP)
  --webhook-key KEY       the callback key sent to it [default: callback-key]
  --control               open the control interface under /control/
  --cors                  let pages of every origin call it and read its responses
  --https FILE            speak HTTPS, and write the certificate, in PEM, to FILE
                          (needs the feature `tls`)
  -h, --help              print this text

Prints the address and the key as two lines, ready to be set as environment
variables, and serves until interrupted.
";

struct Options {
    port: u16,
    /// Where the certificate goes.
    https: Option<String>,
    builder: EmulatorBuilder,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut port = 8080;
    let mut builder = Emulator::builder().generation_time(Duration::from_secs(2));
    let mut limits = Limits::service();
    let (mut webhook, mut webhook_key, mut https) = (None, "callback-key".to_owned(), None);
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        let flag = matches!(
            name.as_str(),
            "-h" | "--help" | "--no-limits" | "--v2-flat" | "--v2-unlisted" | "--control" | "--cors"
        );
        if flag && inline.is_some() {
            return Err(format!("{name} takes no value"));
        }
        let mut value = || inline.clone().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "-h" | "--help" => return Ok(None),
            "--port" => port = number(&name, &value()?)?,
            "--key" => {
                let key = value()?;
                if !is_uuid(&key) {
                    return Err(format!("--key must be a UUID, not {key:?}"));
                }
                builder = builder.key(key);
            }
            "--generation-time" => builder = builder.generation_time(milliseconds(&name, &value()?)?),
            "--record-delay" => builder = builder.record_delay(milliseconds(&name, &value()?)?),
            "--latency" => builder = builder.latency(milliseconds(&name, &value()?)?),
            "--fail-every" => builder = builder.fail_every(number(&name, &value()?)?),
            "--plan" => builder = builder.plan(plan(&value()?)?),
            "--balance" => builder = builder.balance(number(&name, &value()?)?),
            "--clock-skew" => builder = builder.clock_skew(number(&name, &value()?)?),
            "--no-limits" => limits = Limits::none(),
            "--upload-limit" => builder = builder.upload_limit(number(&name, &value()?)?),
            "--v2-flat" => builder = builder.v2_flat(true),
            "--v2-unlisted" => builder = builder.v2_in_lists(false),
            "--webhook" => webhook = Some(value()?),
            "--webhook-key" => webhook_key = value()?,
            "--control" => builder = builder.control(true),
            "--cors" => builder = builder.cors(true),
            "--https" => https = Some(value()?),
            _ => return Err(format!("unknown argument {name:?}")),
        }
    }
    if let Some(url) = webhook {
        builder = builder.webhook(url, webhook_key);
    }
    builder = with_https(builder, https.is_some())?;
    Ok(Some(Options { port, https, builder: builder.port(port).limits(limits) }))
}

#[cfg(feature = "tls")]
#[allow(clippy::unnecessary_wraps, reason = "without the feature it can fail")]
fn with_https(builder: EmulatorBuilder, https: bool) -> Result<EmulatorBuilder, String> {
    Ok(builder.https(https))
}

#[cfg(feature = "tls")]
fn write_certificate(emulator: &Emulator, path: &str) -> std::io::Result<()> {
    std::fs::write(path, emulator.certificate().unwrap_or_default())
}

#[cfg(not(feature = "tls"))]
fn write_certificate(_: &Emulator, _: &str) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(not(feature = "tls"))]
fn with_https(builder: EmulatorBuilder, https: bool) -> Result<EmulatorBuilder, String> {
    if https { Err("--https needs a build with the feature tls".to_owned()) } else { Ok(builder) }
}

fn plan(value: &str) -> Result<Plan, String> {
    match value {
        "credits" => Ok(Plan::Credits),
        "pay-as-you-go" => Ok(Plan::PayAsYouGo),
        _ => Err(format!("--plan is credits or pay-as-you-go, not {value:?}")),
    }
}

fn milliseconds(name: &str, value: &str) -> Result<Duration, String> {
    // No more than a day, which no clock fails to count.
    number::<u32>(name, value).map(u64::from).map(|time| Duration::from_millis(time.min(86_400_000)))
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} does not take {value:?}"))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => serve(options),
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("leonardo-ai-emulator: {message}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

#[tokio::main]
async fn serve(options: Options) -> ExitCode {
    let emulator = match options.builder.start().await {
        Ok(emulator) => emulator,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            eprintln!("leonardo-ai-emulator: {error}");
            return ExitCode::from(2);
        }
        Err(error) => {
            eprintln!("leonardo-ai-emulator: cannot listen on 127.0.0.1:{}: {error}", options.port);
            return ExitCode::FAILURE;
        }
    };
    if let Some(path) = options.https {
        if let Err(error) = write_certificate(&emulator, &path) {
            eprintln!("leonardo-ai-emulator: cannot write {path}: {error}");
            return ExitCode::FAILURE;
        }
    }
    println!("LEONARDO_SERVER_URL={}", emulator.base_url());
    println!("LEONARDO_API_KEY={}", emulator.key());
    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leonardo-ai-emulator: cannot wait for an interrupt: {error}");
            ExitCode::FAILURE
        }
    }
}
