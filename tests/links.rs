//! Links that lead somewhere: those between the pages of the repository, and those of the documentation built from them.
//! Only what is here is looked at; addresses of other hosts are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// All files below a directory whose names end like this, but those of builds and of tools.
fn files(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && !path.join("CACHEDIR.TAG").exists() {
            files(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// `path` without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
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
fn between<'a>(text: &'a str, begin: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| rest.split_once(end)).map(|(found, _)| found)
}

/// A page without blocks of code and without the inside of code in a line, where brackets are no links.
fn prose(page: &str) -> Vec<String> {
    let mut fence = false;
    let mut lines = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fence = !fence;
        } else if !fence {
            lines.push(line.split('`').step_by(2).collect::<Vec<_>>().join("`"));
        }
    }
    lines
}

/// The names of a page's headings as forges make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut fence = false;
    let mut count = BTreeMap::<String, usize>::new();
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        fence ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if fence || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let name: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let before = count.entry(name.clone()).or_default();
        anchors.insert(if *before == 0 { name } else { format!("{name}-{before}") });
        *before += 1;
    }
    anchors
}

#[test]
fn the_links_of_the_pages_lead_to_files_and_sections() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    files(root, ".md", &mut pages);
    let (mut links, mut dead) = (0, Vec::new());
    for path in &pages {
        let page = fs::read_to_string(path).unwrap();
        let prose = prose(&page);
        let inline = prose.iter().flat_map(|line| between(line, "](", ')'));
        let named = prose.iter().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).map(|(_, link)| link);
        for link in inline.chain(named).filter(|link| !link.contains(':')) {
            links += 1;
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { path.clone() } else { normal(&path.parent().unwrap().join(file)) };
            let leads = file.exists()
                && (section.is_empty() || anchors(&fs::read_to_string(&file).unwrap_or_default()).contains(section));
            if !leads {
                dead.push(format!("{}: {link}", path.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
    assert!(links > 50, "only {links} links in {} pages", pages.len());
}

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
#[ignore = "needs the documentation: `.ci/run docs`"]
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
