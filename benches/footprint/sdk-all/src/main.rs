//! Every operation with the crate. It is measured by its size: run, it only ends with their number as its exit code.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;

use leonardo_ai::{LeonardoCore, funcs, operations};

/// A value that the compiler cannot know to be none.
fn some<T>() -> T {
    black_box(None).expect("only the size of this program matters")
}

macro_rules! argument {
    (request) => {
        some()
    };
    // The number of an element.
    (userLoraId) => {
        some::<i64>()
    };
    ($id:ident) => {
        some::<&str>()
    };
}

async fn call_all(core: &LeonardoCore) -> Result<(), leonardo_ai::Error> {
    macro_rules! call {
        ($feature:literal $name:ident $($argument:ident)*) => {
            black_box(funcs::$name(core $(, argument!($argument))*).await?);
        };
    }
    leonardo_ai::for_each_operation!(call);
    Ok(())
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Printing it would bring what no other measured program has. The compiler cannot know that this always returns.
    if black_box(true) {
        return Ok(ExitCode::from(operations::ALL.len() as u8));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { call_all(&LeonardoCore::from_env()?).await })?;
    Ok(ExitCode::SUCCESS)
}
