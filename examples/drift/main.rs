//! Compares an OpenAPI file of the service with this crate: `drift [--all] OPENAPI_FILE`.
//!
//! ```sh
//! cargo run --features full --example drift -- leonardo.json
//! ```
//!
//! It lists what the file has and the compiled types have not, and the reverse: operations, fields, and values of enums.
//! Nothing is sent anywhere, and no source is read: every field goes through the real function, and counts if it comes out
//! at the other end. Differences that are meant to be (`shapes/known.rs`) are counted; `--all` lists them with their
//! reasons.
//!
//! Exit status: 0 no difference; 1 there are differences; 2 the file cannot be read.

mod shapes;

use std::process::ExitCode;

use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let all = arguments.iter().position(|argument| argument == "--all").map(|at| arguments.remove(at)).is_some();
    let [file] = &arguments[..] else {
        eprintln!("usage: drift [--all] OPENAPI_FILE");
        return ExitCode::from(2);
    };
    match compare(file, all).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{file}: {problem}");
            ExitCode::from(2)
        }
    }
}

/// Prints the differences, and gives their number.
async fn compare(file: &str, all: bool) -> Result<usize, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let file: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let differences = shapes::differences(&file).await?;
    let (known, drift): (Vec<_>, Vec<_>) = differences.into_iter().partition(|one| one.reason().is_some());
    drift.iter().for_each(|difference| println!("{difference}"));
    if all {
        known.iter().for_each(|one| println!("{one} (known: {})", one.reason().unwrap_or_default()));
    }
    eprintln!("{} differences, and {} that are known", drift.len(), known.len());
    Ok(drift.len())
}
