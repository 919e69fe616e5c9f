//! The files of the repository, and what is written into them.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Holds what stands between two marks of a file to `expected`, or writes it there.
pub fn hold(file: &str, begin: &str, end: &str, expected: &str) {
    let text = read(file);
    let (before, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{file} has no {begin:?}"));
    let (mark, rest) = rest.split_once('\n').expect("the mark ends its line");
    let (found, after) = rest.split_once(end).unwrap_or_else(|| panic!("{file} has no {end:?}"));
    if std::env::var_os("UPDATE").is_some() {
        // Under another name first, since other tests read it meanwhile.
        let new = root().join(format!("{file}.new"));
        fs::write(&new, format!("{before}{begin}{mark}\n{expected}{end}{after}")).expect("writes");
        fs::rename(&new, root().join(file)).expect("renames");
    } else {
        assert_eq!(found, expected, "{file} does not follow the table; run again with UPDATE=1");
    }
}
