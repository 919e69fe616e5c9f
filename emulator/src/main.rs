//! The emulator as a program.

use std::process::ExitCode;
use std::time::Duration;

use leonardo_ai_emulator::Emulator;

const HELP: &str = "\
A local Leonardo.Ai: answers on 127.0.0.1 as the image API does.

Usage: leonardo-ai-emulator [OPTIONS]

Options:
  --port PORT             port to listen on, 0 for a free one [default: 8080]
  --key UUID              API key to accept [default: a random one]
  --generation-time MS    how long a generation is pending [default: 2000]
  --balance DOLLARS       what the account starts with [default: 100]
  -h, --help              print this text

Prints the address and the key as two lines, ready to be set as environment
variables, and serves until interrupted.
";

struct Options {
    port: u16,
    key: Option<String>,
    generation_time: Duration,
    balance: f64,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { port: 8080, key: None, generation_time: Duration::from_secs(2), balance: 100.0 };
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        if name == "-h" || name == "--help" {
            return Ok(None);
        }
        let mut value = || inline.clone().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--port" => options.port = number(&name, &value()?)?,
            "--key" => {
                let key = value()?;
                if !is_uuid(&key) {
                    return Err(format!("--key must be a UUID, not {key:?}"));
                }
                options.key = Some(key);
            }
            "--generation-time" => {
                options.generation_time = Duration::from_millis(number(&name, &value()?)?);
            }
            "--balance" => options.balance = number(&name, &value()?)?,
            _ => return Err(format!("unknown argument {name:?}")),
        }
    }
    Ok(Some(options))
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
    let mut builder =
        Emulator::builder().port(options.port).generation_time(options.generation_time).balance(options.balance);
    if let Some(key) = options.key {
        builder = builder.key(key);
    }
    let emulator = match builder.start().await {
        Ok(emulator) => emulator,
        Err(error) => {
            eprintln!("leonardo-ai-emulator: cannot listen on 127.0.0.1:{}: {error}", options.port);
            return ExitCode::FAILURE;
        }
    };
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
