//! Nothing: the tests of the crate in a browser are in `tests/`.
