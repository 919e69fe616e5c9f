//! Links of the documentation as `cargo doc` made it. Addresses of other hosts are not looked at.
//!
//! `cargo test` leaves this out (`test = false` in `Cargo.toml`), since the documentation has to be there: `.ci/run docs`
//! makes it and then runs this.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "common/links.rs"]
mod common;

use common::{between, files, normal};

/// Where `src/guide.js` leads a link of the crate's page or of the guide. `None` is not there.
fn rewritten(page: &Path, root: &Path, path: &str) -> Option<PathBuf> {
    let name = path.strip_prefix("docs/").unwrap_or(path).strip_suffix(".md");
    match name {
        _ if path.ends_with(".html") => Some(page.parent().unwrap().join(path)),
        Some(name) if name.chars().all(|c| c.is_ascii_lowercase() || c == '-') => {
            Some(root.join("guide").join(name.replace('-', "_")).join("index.html"))
        }
        _ if path == "../README.md" => Some(root.join("index.html")),
        _ => None,
    }
}

#[test]
fn the_links_of_the_documentation_lead_to_pages_and_sections() {
    // The test is in `TARGET/debug/deps`.
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("doc");
    let mut ids = BTreeMap::<PathBuf, BTreeSet<String>>::new();
    let (mut links, mut dead) = (0, Vec::new());
    for name in ["leonardo_ai", "leonardo_ai_emulator"] {
        let root = target.join(name);
        let mut pages = Vec::new();
        files(&root, ".html", &mut pages);
        for page in pages {
            let text = fs::read_to_string(&page).unwrap();
            let links_of_page = between(&text, "<a ", '>').filter_map(|link| between(link, "href=\"", '"').next());
            for link in links_of_page.filter(|link| !link.contains(':')) {
                links += 1;
                let (path, section) = link.split_once('#').unwrap_or((link, ""));
                // In the text of another crate's trait, which stands on the page of each type that has it.
                if path == "dispatcher" {
                    continue;
                }
                let guide = page == root.join("index.html") || page.starts_with(root.join("guide"));
                let file = match path {
                    "" => Some(page.clone()),
                    path if guide && page.starts_with(target.join("leonardo_ai")) => rewritten(&page, &root, path),
                    path => Some(page.parent().unwrap().join(path)),
                };
                let Some(file) = file.map(|file| normal(&file)) else { continue };
                // Lines of the source are numbered by a script.
                let ids = ids.entry(file.clone()).or_insert_with(|| {
                    let text = fs::read_to_string(&file).unwrap_or_default();
                    between(&text, "id=\"", '"').map(str::to_owned).collect()
                });
                let source = file.starts_with(target.join("src"));
                if !file.exists() || !(section.is_empty() || source || ids.contains(section)) {
                    dead.push(format!("{}: {link}", page.strip_prefix(&target).unwrap().display()));
                }
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
    assert!(links > 1000, "only {links} links");
}
