//! The help of all commands, in one file. `UPDATE=1` writes it anew.

use std::fs;

use super::place::{program, ran};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/help.txt");

async fn help(words: &[String]) -> String {
    let mut command = program();
    command.args(words).arg("--help");
    let ran = ran(command).await;
    ran.succeeded();
    assert!(ran.stderr.is_empty(), "{ran:?}");
    ran.stdout
}

/// With the feature `jobs` there is a command more, whose help is in a file of its own.
const JOBS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/help-jobs.txt");

fn compare(golden: &str, all: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(golden, all).unwrap();
    }
    let before = fs::read_to_string(golden).unwrap_or_default().replace("\r\n", "\n");
    assert!(all == before, "the help has changed: UPDATE=1 writes {golden}");
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_help_of_every_command_is_as_it_was_and_has_an_example() {
    let (mut all, mut jobs) = (String::new(), String::new());
    let mut left = vec![Vec::new()];
    while let Some(words) = left.pop() {
        let text = help(&words).await;
        assert!(text.contains("\nExample"), "{words:?} has no example");
        let wide = text.lines().find(|line| line.chars().count() > 80 && !line.starts_with("  leonardo"));
        assert_eq!(wide, None, "{words:?}");
        let into = if words.first().is_some_and(|word| word == "jobs") { &mut jobs } else { &mut all };
        let shown: Vec<_> = text.lines().filter(|line| !line.starts_with("  jobs  ")).collect();
        let (words_shown, shown) = ([&words[..], &["--help".into()]].concat().join(" "), shown.join("\n"));
        into.push_str(&format!("$ leonardo {words_shown}\n\n{shown}\n\n\n"));
        for command in commands(&text).into_iter().rev() {
            left.push([&words[..], &[command]].concat());
        }
    }
    compare(GOLDEN, &all);
    if cfg!(feature = "jobs") {
        compare(JOBS, &jobs);
    }
}

#[tokio::test]
async fn a_wrong_command_ends_with_2_and_sends_nothing() {
    for (arguments, message) in [
        (&[][..], "Usage"),
        (&["generate"], "PROMPT"),
        (&["generate", "--size", "wide", "x"], "1024x768"),
        (&["generate", "--no-such-option", "x"], "--no-such-option"),
        (&["edit", "--strength", "2", "a.jpg", "x"], "0.1 to 0.9"),
        (&["account", "--emulator", "--server-url", "http://127.0.0.1:1/"], "cannot be used with"),
    ] {
        let mut command = program();
        command.args(arguments);
        ran(command).await.failed(2, message);
    }
}

#[tokio::test]
async fn completions_are_a_script_for_the_shell() {
    for (shell, part) in [("bash", "complete "), ("zsh", "#compdef leonardo"), ("fish", "complete -c leonardo")] {
        let mut command = program();
        command.args(["completions", shell]);
        let ran = ran(command).await;
        ran.succeeded();
        assert!(ran.stdout.contains(part) && ran.stdout.contains("removebg"), "{shell}");
    }
}
