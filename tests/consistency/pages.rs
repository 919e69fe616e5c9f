//! Links between the pages of the repository. Addresses of other hosts are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::links::{between, files, normal};

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
