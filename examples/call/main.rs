//! Calls any operation or workflow from the shell: `call OPERATION [JSON | @FILE | -]`.
//!
//! ```sh
//! cargo run --features full --example call -- image-get-generations-by-user-id '{"userId":"…","limit":5}'
//! ```
//!
//! The operation is named as its feature is; without arguments, all of them are listed. The JSON object holds the path's
//! ids, the query's and the body's fields under their wire names, and stands in the argument, in a file (`@request.json`) or
//! in standard input (`-`). The output goes to stdout as JSON, everything else to stderr. `LEONARDO_API_KEY` holds the key
//! and `LEONARDO_SERVER_URL`, if it is set, the server. What workflows take stands in `workflows.rs`.
//!
//! Exit status: 0 done; 1 an error of the API or on the way to it; 2 the command is wrong and nothing was sent; 3 the
//! outcome is unknown, and the work may have been charged.

#![cfg_attr(not(feature = "full"), allow(unused, reason = "few operations need few kinds of arguments"))]

mod fields;
mod workflows;

use std::fmt::Write as _;
use std::process::ExitCode;

use leonardo_ai::{Error, LeonardoCore, operations};
use serde_json::Value;

use self::fields::{Fields, Usage};

enum Failure {
    Usage(Usage),
    Call(Error),
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Self::Usage(usage)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

macro_rules! argument {
    ($fields:ident request) => {
        $fields.request()?
    };
    // The only id that is a number.
    ($fields:ident userLoraId) => {
        $fields.number("userLoraId")?
    };
    ($fields:ident $id:ident) => {
        $fields.text(stringify!($id))?
    };
}

/// Calls the operation or the workflow whose feature has that name.
async fn dispatch(core: &LeonardoCore, operation: &str, mut fields: Fields) -> Result<Value, Failure> {
    macro_rules! when_named {
        ($feature:literal $name:ident $($argument:ident)*) => {
            #[cfg(feature = $feature)]
            if operation == $feature {
                let call = leonardo_ai::funcs::$name(core $(, argument!(fields $argument))*);
                fields.finish()?;
                return printable(call.await?);
            }
        };
    }
    leonardo_ai::for_each_operation!(when_named);
    workflows::dispatch(core, operation, fields).await
}

fn printable(output: impl serde::Serialize) -> Result<Value, Failure> {
    let output = serde_json::to_value(output);
    Ok(output.map_err(|error| Usage(format!("the output cannot be printed: {error}")))?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help"] => {
            println!("{}", usage());
            return ExitCode::SUCCESS;
        }
        [operation] => call(operation, "{}").await,
        [operation, json] => call(operation, json).await,
        [] => Err(Usage("an operation is missing".into()).into()),
        _ => Err(Usage("there is too much".into()).into()),
    };
    match done {
        Ok(output) => {
            println!("{output:#}");
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(Usage(problem))) => {
            eprintln!("{problem}\n\n{}", usage());
            ExitCode::from(2)
        }
        Err(Failure::Call(error)) => {
            eprintln!("{error}");
            ExitCode::from(match error {
                Error::OutcomeUnknown(_) => 3,
                Error::Config(_) | Error::InvalidRequest(_) => 2,
                _ => 1,
            })
        }
    }
}

async fn call(operation: &str, json: &str) -> Result<Value, Failure> {
    // The operation and the JSON come first, so that their faults are told without a key too.
    let known = operations::ALL.iter().any(|known| known.feature == operation);
    if !known && !workflows::NAMES.contains(&operation) {
        return Err(Usage(format!("there is no operation {operation:?}")).into());
    }
    let fields = Fields::read(json)?;
    let core = LeonardoCore::from_env()?;
    dispatch(&core, operation, fields).await
}

/// How it is used, and everything that can be called, by group.
fn usage() -> String {
    let mut text = String::from("usage: call OPERATION [JSON | @FILE | -]");
    let mut group = "";
    for operation in operations::ALL {
        if group != operation.group {
            group = operation.group;
            let _ = write!(text, "\n\n{group}");
        }
        let (effect, method) = (format!("{:?}", operation.effect), operation.method.as_str());
        let _ = write!(text, "\n  {:<50} {effect:<10} {method:<6} {}", operation.feature, operation.path);
    }
    text.push_str("\n\nworkflows, which make several requests");
    for name in workflows::NAMES {
        let _ = write!(text, "\n  {name}");
    }
    text
}
