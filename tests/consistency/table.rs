//! Holds features, functions and documentation to the one table of operations.

use std::collections::BTreeSet;
use std::fs;

use leonardo_ai::OperationInfo;
use leonardo_ai::operations::{ALL, TABLE, WORKFLOWS, WorkflowInfo};

use crate::files::{hold, read, root};

/// A group's name where it stands for its page.
fn kebab(group: &str) -> String {
    group.replace('_', "-")
}

/// The feature of a group. `models` is that of all types without a client.
fn feature(group: &str) -> String {
    if group == "models" { "models-operations".to_owned() } else { kebab(group) }
}

fn groups() -> BTreeSet<&'static str> {
    TABLE.iter().map(|line| line.group).collect()
}

#[test]
fn the_features_are_those_of_the_table() {
    let mut expected = String::new();
    let list = |name: &str, of: &[&str]| match of {
        [one] => format!("{name} = [\"{one}\"]\n"),
        of => {
            let lines: String = of.iter().map(|feature| format!("    \"{feature}\",\n")).collect();
            format!("{name} = [\n{lines}]\n")
        }
    };
    let all: Vec<_> = groups().into_iter().map(feature).collect();
    expected.push_str(&list("full", &all.iter().map(String::as_str).collect::<Vec<_>>()));
    for group in groups() {
        let mut of_group: Vec<(&str, &[&str])> = Vec::new();
        of_group.extend(TABLE.iter().filter(|line| line.group == group).map(|line| (line.feature, &["client"][..])));
        of_group.extend(WORKFLOWS.iter().filter(|flow| flow.group == group).map(|flow| (flow.feature, flow.needs)));
        of_group.sort_unstable();
        expected.push_str(&list(&feature(group), &of_group.iter().map(|(feature, _)| *feature).collect::<Vec<_>>()));
        for (feature, needs) in of_group {
            expected.push_str(&list(feature, needs));
        }
    }
    hold("Cargo.toml", "# begin of operations", "# end of operations", &expected);
    // The program that is measured with every operation has no workflow in it.
    let operations: String = TABLE.iter().map(|line| format!("    \"{}\",\n", line.feature)).collect();
    let file = "benches/footprint/sdk-all/Cargo.toml";
    hold(file, "# begin of operations", "    # end of operations", &operations);
}

/// The lines that mount the file of an operation's function.
fn mounted(line: &OperationInfo) -> String {
    let OperationInfo { group, name, feature, .. } = line;
    format!(
        "#[cfg(feature = \"{feature}\")]\n#[path = \"{group}/{name}.rs\"]\nmod {name};\n\
         #[cfg(feature = \"{feature}\")]\npub use {name}::{name};\n"
    )
}

/// The lines that mount a workflow's file, of which everything public is its own. A browser has no files, so that there some
/// are empty.
fn mounted_workflow(WorkflowInfo { name, feature, .. }: &WorkflowInfo) -> String {
    format!(
        "#[cfg(feature = \"{feature}\")]\nmod {name};\n#[cfg(feature = \"{feature}\")]\n\
         #[cfg_attr(target_arch = \"wasm32\", allow(unused_imports))]\npub use {name}::*;\n"
    )
}

/// The types of a group's models by name, as rustfmt writes them: of what is named, the compiler can tell the feature.
fn exported(group: &str) -> String {
    let file = read(format!("models/{group}.rs"));
    let public = file.lines().map(str::trim_start).filter_map(|line| {
        let rest = ["pub struct ", "pub enum "].iter().find_map(|kind| line.strip_prefix(kind))?;
        rest.split(|letter: char| !letter.is_alphanumeric()).next()
    });
    let names: BTreeSet<_> = public.collect();
    let names: Vec<_> = names.into_iter().collect();
    let one = format!("pub use {group}::{{{}}};\n", names.join(", "));
    if let [name] = names[..] {
        return format!("pub use {group}::{name};\n");
    }
    if one.len() <= 121 {
        return one;
    }
    let mut lines = vec![String::new()];
    for name in names {
        let last = lines.last_mut().expect("there is one");
        // Four blanks before, and a comma after; rustfmt leaves the last column free.
        if 4 + last.len() + 1 + name.len() + 1 >= 120 {
            lines.push(format!("{name},"));
        } else {
            *last = format!("{last} {name},").trim_start().to_owned();
        }
    }
    format!("pub use {group}::{{\n    {}\n}};\n", lines.join("\n    "))
}

#[test]
fn the_modules_are_those_of_the_table() {
    let (begin, end) = ("// begin of functions", "// end of functions");
    hold("funcs/mod.rs", begin, end, &TABLE.iter().map(mounted).collect::<String>());
    hold("funcs/workflows/mod.rs", begin, end, &WORKFLOWS.iter().map(mounted_workflow).collect::<String>());
    let mut expected = String::new();
    for group in groups() {
        let features = TABLE.iter().filter(|line| line.group == group).map(|line| line.feature);
        // What webhooks tell has types of these.
        let of_webhooks = matches!(group, "image" | "models").then_some("webhooks");
        let gates: Vec<_> =
            of_webhooks.into_iter().chain(features).map(|name| format!("feature = \"{name}\"")).collect();
        // As rustfmt writes it.
        let one = format!("#[cfg(any(feature = \"models\", {}))]\n", gates.join(", "));
        let gate = if one.len() <= 121 {
            one
        } else {
            format!("#[cfg(any(\n    feature = \"models\",\n    {},\n))]\n", gates.join(",\n    "))
        };
        expected.push_str(&format!("{gate}mod {group};\n{gate}{}", exported(group)));
    }
    hold("models/mod.rs", "// begin of groups", "// end of groups", &expected);
}

#[test]
fn the_readme_lists_the_table() {
    let mut expected = String::new();
    for group in groups() {
        let (page, feature) = (kebab(group), feature(group));
        expected.push_str(&format!("\n### [{group}](docs/{page}.md)\n\nFeature `{feature}` for all of them.\n\n"));
        expected.push_str("| function | endpoint | effect |\n|---|---|---|\n");
        for OperationInfo { name, effect, method, path, .. } in TABLE.iter().filter(|line| line.group == group) {
            expected.push_str(&format!("| [`{name}`](docs/{page}.md#{name}) | `{method} {path}` | `{effect:?}` |\n"));
        }
        for WorkflowInfo { name, .. } in WORKFLOWS.iter().filter(|flow| flow.group == group) {
            expected.push_str(&format!("| [`{name}`](docs/{page}.md#{name}) | several | see its section |\n"));
        }
    }
    expected.push('\n');
    hold("README.md", "<!-- begin of operations -->", "<!-- end of operations -->", &expected);
}

#[test]
fn names_follow_one_rule() {
    for line in TABLE {
        assert_eq!(line.feature, line.name.replace('_', "-"));
        assert!(line.name.starts_with(&format!("{}_", line.group)), "{} is not named after its group", line.name);
        let version = line.path.split('/').nth(1).unwrap();
        assert!(matches!(version, "v1" | "v2"), "{} has no version", line.path);
        let ids: Vec<_> = line.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let named: Vec<_> = line.arguments.iter().copied().filter(|&argument| argument != "request").collect();
        assert_eq!(ids, named, "the arguments of {} are not its path's", line.name);
    }
    let names: BTreeSet<_> = TABLE.iter().map(|line| line.name).collect();
    assert_eq!(names.len(), TABLE.len(), "a name stands twice");
}

#[test]
fn every_function_has_its_file_and_every_file_its_function() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join("funcs").join(folder)).unwrap_or_else(|_| panic!("no folder {folder}"));
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let files = |names: &mut dyn Iterator<Item = &str>| names.map(|name| format!("{name}.rs")).collect::<BTreeSet<_>>();
    for group in groups() {
        let of_group = &mut TABLE.iter().filter(|line| line.group == group).map(|line| line.name);
        assert_eq!(names(group), files(of_group), "funcs/{group}");
    }
    // What several files of one workflow share is mounted there too.
    let mounted = read("funcs/workflows/mod.rs");
    let modules = &mut mounted.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).chain(["mod"]);
    assert_eq!(names("workflows"), files(modules), "funcs/workflows");
    for line in TABLE {
        let file = format!("funcs/{}/{}.rs", line.group, line.name);
        let text = read(&file);
        assert!(text.contains(&format!("pub fn {}(", line.name)), "{} is not in its file", line.name);
        let endpoint = format!("`{} {}`", line.method, line.path);
        assert!(text.contains(&endpoint), "{file} does not name {endpoint}");
    }
}

#[test]
fn every_operation_is_documented_on_its_groups_page() {
    let lib = read("src/lib.rs");
    for group in groups() {
        let file = format!("docs/{}.md", kebab(group));
        assert!(lib.contains(&file), "the examples of {file} are not tested");
        let page = read(&file);
        let sections: BTreeSet<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        for line in TABLE.iter().filter(|line| line.group == group) {
            let (_, section) = page
                .split_once(&format!("\n## {}\n", line.name))
                .unwrap_or_else(|| panic!("{file} has no section on {}", line.name));
            let section = section.split("\n## ").next().unwrap();
            for part in [line.feature, &format!("{} {}", line.method, line.path)] {
                assert!(section.contains(part), "the section on {} does not name {part}", line.name);
            }
            assert!(page.contains(&format!("(#{})", line.name)), "{file} does not list {}", line.name);
        }
        for flow in WORKFLOWS.iter().filter(|flow| flow.group == group) {
            assert!(sections.contains(flow.name), "{file} has no section on {}", flow.name);
            assert!(page.contains(flow.feature), "{file} does not name {}", flow.feature);
        }
        let names = TABLE.iter().map(|line| line.name).chain(WORKFLOWS.iter().map(|flow| flow.name));
        let known: BTreeSet<_> = names.chain(["Overview"]).collect();
        let strays: Vec<_> = sections.difference(&known).filter(|name| name.starts_with(group)).collect();
        assert!(strays.is_empty(), "{file} has sections on no operation: {strays:?}");
    }
}

#[test]
#[cfg(feature = "full")]
fn a_full_build_has_every_operation() {
    assert!(ALL.iter().copied().eq(TABLE.iter()));
}
