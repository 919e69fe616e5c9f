//! One function for each operation, each behind a feature of its own name.
//!
//! A function takes the handle, then the ids of the path, then everything else as one request. It sends nothing: it
//! returns a [`Call`](crate::Call), which is awaited.

macro_rules! modules {
    ($($group:ident { $($name:ident $feature:literal $effect:ident $method:ident $path:literal ($($argument:ident),*);)* })*) => {
        $($(
            #[cfg(feature = $feature)]
            mod $name;
            #[cfg(feature = $feature)]
            pub use $name::$name;
        )*)*
    };
}

macro_rules! workflows {
    ($($group:ident { $($name:ident $feature:literal [$($needs:literal)*];)* })*) => {
        $($(
            #[cfg(feature = $feature)]
            mod $name;
            #[cfg(feature = $feature)]
            #[cfg_attr(target_arch = "wasm32", allow(unused_imports, reason = "a browser has no files"))]
            pub use $name::*;
        )*)*
    };
}

crate::for_each_operation!(modules);
crate::for_each_workflow!(workflows);
