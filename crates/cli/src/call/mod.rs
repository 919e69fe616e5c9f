//! `leonardo call`: any operation and any workflow by its name.

mod fields;
mod workflows;

use std::fmt::Write as _;

use leonardo_ai::{LeonardoCore, operations};
use serde_json::Value;

pub use self::fields::Fields;
use crate::args::{Call, Global};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

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

/// What came out, as JSON.
pub fn printable(output: impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(output).map_err(|error| Failure::other(format!("the output cannot be printed: {error}")))
}

pub async fn run(call: Call, global: &Global, screen: &Screen) -> Result<(), Failure> {
    if call.list {
        screen.result(listed(), &names().collect::<Vec<_>>());
        return Ok(());
    }
    // The operation and the JSON come first, so that their faults are told without a key too.
    let operation = call.operation.unwrap_or_default();
    if !names().any(|known| known == operation) {
        return Err(Failure::usage(format!(
            "there is no operation {operation:?}; `leonardo call --list` lists them all"
        )));
    }
    let fields = Fields::read(&call.fields)?;
    let session = Session::connect(global, screen).await?;
    screen.record(&dispatch(&session.core, &operation, fields).await?);
    Ok(())
}

fn names() -> impl Iterator<Item = &'static str> {
    operations::ALL.iter().map(|operation| operation.feature).chain(workflows::NAMES.iter().copied())
}

/// Everything that can be called, by group.
fn listed() -> String {
    let mut text = String::new();
    let mut group = "";
    for operation in operations::ALL {
        if group != operation.group {
            let _ = write!(text, "{}{}", if group.is_empty() { "" } else { "\n\n" }, operation.group);
            group = operation.group;
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
