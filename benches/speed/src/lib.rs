//! Nothing: see `benches/calls.rs`.
