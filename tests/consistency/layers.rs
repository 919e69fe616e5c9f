//! In which direction the modules of `src/` know each other.

use std::fs;
use std::path::Path;

use crate::links::files;

/// From the bottom up: each imports only from those before it, and from `models`.
const LAYERS: [&str; 20] = [
    "bearer",
    "blocking",
    "codec",
    "operation",
    "retry",
    "url",
    "runtime",
    "time",
    "transport",
    "spending",
    "error",
    "core",
    "limits",
    "trace",
    "call",
    "webhook",
    "transfer",
    "paging",
    "poll",
    "once",
];

/// The modules of this crate that a file names, tests and comments aside.
fn named(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut named = Vec::new();
    for line in code {
        for (at, path) in line.match_indices("crate::") {
            // Of a macro that is written out elsewhere, or a link in documentation.
            if line[..at].ends_with(['$', '(']) {
                continue;
            }
            let rest = &line[at + path.len()..];
            let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
            named.push(rest[..end].to_owned());
        }
    }
    named
}

#[test]
fn a_module_knows_only_those_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&src, ".rs", &mut paths);
    let layer = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let (mut arrows, mut wrong) = (0, Vec::new());
    for path in &paths {
        let place = path.strip_prefix(&src).unwrap();
        let module = place.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" || place.ends_with("tests.rs") {
            continue;
        }
        let own = layer(module).unwrap_or_else(|| panic!("src/{module} is in no layer"));
        for name in named(&fs::read_to_string(path).unwrap()) {
            arrows += 1;
            if name != "models" && layer(&name).is_none_or(|other| other > own) {
                wrong.push(format!("src/{}: crate::{name}", place.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these import from above, or do not name a module:\n{}", wrong.join("\n"));
    assert!(arrows > 200, "only {arrows} imports were found");
}
