//! Calls any operation from the shell: `call OPERATION [JSON]`.
//!
//! ```sh
//! cargo run --features full --example call -- image-get-generations-by-user-id '{"userId":"…","limit":5}'
//! ```
//!
//! The operation is named as its feature is. The JSON object holds the path's ids, the query's and the body's fields
//! under their wire names. The answer goes to stdout as JSON, everything else to stderr. `LEONARDO_API_KEY` holds the
//! key and `LEONARDO_SERVER_URL`, if it is set, the server.
//!
//! Exit status: 0 done; 1 an error of the API or on the way to it; 2 the command is wrong and nothing was sent; 3 the
//! outcome is unknown, and the work may have been charged.

use std::process::ExitCode;

use leonardo_ai::{Error, LeonardoCore, operations};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What the caller got wrong.
struct Usage(String);

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

/// The fields of the JSON object; each path id is taken out, and the rest is the request.
struct Fields(Map<String, Value>);

impl Fields {
    fn parse(text: Option<&str>) -> Result<Self, Usage> {
        match serde_json::from_str(text.unwrap_or("{}")) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Usage("the argument must be a JSON object, such as {\"id\":\"…\"}".into())),
            Err(error) => Err(Usage(format!("the argument is not JSON: {error}"))),
        }
    }

    fn id(&mut self, name: &str) -> Result<String, Usage> {
        match self.0.remove(name) {
            Some(Value::String(id)) => Ok(id),
            Some(_) => Err(Usage(format!("the field \"{name}\" must be text"))),
            None => Err(Usage(format!("the field \"{name}\" is missing"))),
        }
    }

    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "few operations take a number"))]
    fn number(&mut self, name: &str) -> Result<i64, Usage> {
        match self.0.remove(name).and_then(|number| number.as_i64()) {
            Some(number) => Ok(number),
            None => Err(Usage(format!("the field \"{name}\" is missing, or no whole number"))),
        }
    }

    fn request<T: DeserializeOwned>(&mut self) -> Result<T, Usage> {
        let rest = Value::Object(std::mem::take(&mut self.0));
        serde_json::from_value(rest).map_err(|error| Usage(format!("the request is wrong: {error}")))
    }

    /// Refuses what nothing has asked for: a field that is misspelt must not be ignored.
    fn finish(self) -> Result<(), Usage> {
        match self.0.keys().next() {
            Some(name) => Err(Usage(format!("the operation has no field \"{name}\""))),
            None => Ok(()),
        }
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
        $fields.id(stringify!($id))?
    };
}

/// Calls the operation whose feature has that name.
async fn dispatch(core: &LeonardoCore, operation: &str, mut fields: Fields) -> Result<Value, Failure> {
    macro_rules! when_named {
        ($feature:literal $name:ident $($argument:ident)*) => {
            #[cfg(feature = $feature)]
            if operation == $feature {
                let call = leonardo_ai::funcs::$name(core $(, argument!(fields $argument))*);
                fields.finish()?;
                let answer = serde_json::to_value(call.await?);
                return answer.map_err(|error| Usage(format!("the answer cannot be printed: {error}")).into());
            }
        };
    }
    leonardo_ai::for_each_operation!(when_named);
    Err(Usage(format!("there is no operation {operation:?}")).into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help"] => {
            println!("{}", usage());
            return ExitCode::SUCCESS;
        }
        [operation] => call(operation, None).await,
        [operation, json] => call(operation, Some(json)).await,
        _ => Err(Usage("an operation is missing, or there is too much".into()).into()),
    };
    match done {
        Ok(answer) => {
            println!("{answer:#}");
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

async fn call(operation: &str, json: Option<&str>) -> Result<Value, Failure> {
    // The operation and the JSON come first, so that their faults are told without a key too.
    if !operations::ALL.iter().any(|known| known.feature == operation) {
        return Err(Usage(format!("there is no operation {operation:?}")).into());
    }
    let fields = Fields::parse(json)?;
    let core = LeonardoCore::from_env()?;
    dispatch(&core, operation, fields).await
}

fn usage() -> String {
    let mut text = String::from("usage: call OPERATION [JSON]\n\noperations:");
    for operation in operations::ALL {
        text.push_str(&format!("\n  {:<36} {} {}", operation.feature, operation.method, operation.path));
    }
    text
}
