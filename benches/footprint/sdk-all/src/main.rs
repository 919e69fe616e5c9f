//! Every operation with the crate. Prints how many there are; it is measured by its size, and not to be run further.

use std::error::Error;
use std::hint::black_box;

use leonardo_ai::{LeonardoCore, funcs, operations};

/// A value that the compiler cannot know to be none.
fn some<T>() -> T {
    black_box(None).expect("only the size of this program matters")
}

macro_rules! argument {
    (request) => {
        some()
    };
    ($id:ident) => {
        some::<&str>()
    };
}

macro_rules! call_all {
    ($($group:ident { $($name:ident $feature:literal $effect:ident $method:ident $path:literal ($($argument:ident),*);)* })*) => {
        async fn call_all(core: &LeonardoCore) -> Result<(), leonardo_ai::Error> {
            $($(black_box(funcs::$name(core $(, argument!($argument))*).await?);)*)*
            Ok(())
        }
    };
}

leonardo_ai::for_each_operation!(call_all);

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", operations::ALL.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async { call_all(&LeonardoCore::from_env()?).await })?)
}
