//! What the searches for dead links share.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// All files below a directory whose names end like this, but those of builds and of tools.
pub fn files(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_made = matches!(name, "target" | "node_modules" | "pkg") || path.join("CACHEDIR.TAG").exists();
        if path.is_dir() && !name.starts_with('.') && !is_made {
            files(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// `path` without `.` and `..`.
pub fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => assert!(normal.pop(), "{} leads out", path.display()),
            part => normal.push(part),
        }
    }
    normal
}

/// The texts between `begin` and `end`.
pub fn between<'a>(text: &'a str, begin: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| rest.split_once(end)).map(|(found, _)| found)
}
