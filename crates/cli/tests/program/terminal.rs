//! What a person sees in a terminal of 80 columns, looked at every 100 ms. Needs tmux; without it, nothing is looked at.

use std::fs;
use std::process::Command;
use std::time::Duration;

use leonardo_ai_emulator::Emulator;
use tokio::time::sleep;

use super::place::Place;

/// A terminal of 80 columns and 24 lines.
struct Terminal(String);

impl Terminal {
    /// A shell in the directory of the place, with the emulator's key.
    fn open(place: &Place, name: &str) -> Option<Self> {
        let terminal = Self(format!("leonardo-{}-{name}", std::process::id()));
        let mut command = Command::new("tmux");
        command.args(["-L", &terminal.0, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24"]);
        command.args(["-c", place.path("").to_str()?]);
        // A short name, so that the line that is typed is not broken.
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_leonardo"), place.path("leonardo")).unwrap();
        for (name, value) in [
            ("LEONARDO_API_KEY", place.emulator.key().to_owned()),
            ("LEONARDO_SERVER_URL", place.emulator.base_url()),
            ("LEONARDO_DATA_DIR", place.path("data").to_str()?.to_owned()),
        ] {
            command.args(["-e", &format!("{name}={value}")]);
        }
        let is_there = command.arg("sh").status().is_ok_and(|status| status.success());
        if !is_there {
            println!("tmux is not here: nothing is looked at");
        }
        is_there.then_some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").args(["-L", &self.0]).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn keys(&self, keys: &str) {
        self.tmux(&["send-keys", keys]);
    }

    /// Runs a command, presses Ctrl-C after so many tenths of a second, and gives each frame until the shell is back.
    async fn frames(&self, command: &str, interrupt: Option<usize>) -> Vec<String> {
        self.tmux(&["send-keys", &format!("clear; {command}; echo status=$?"), "Enter"]);
        let mut frames = Vec::new();
        for tenth in 0..200 {
            sleep(Duration::from_millis(100)).await;
            if interrupt == Some(tenth) {
                self.keys("C-c");
            }
            let frame = self.tmux(&["capture-pane", "-p", "-S", "-200"]);
            let is_over = frame.lines().any(|line| line.starts_with("status="));
            frames.push(frame);
            if is_over {
                return frames;
            }
        }
        panic!("it does not end: {}", frames.last().unwrap());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// Whether a line of a frame is one that the program has written, from its beginning to its end.
fn is_whole(line: &str) -> bool {
    let line = line.trim_end();
    let spins = |line: &str| line.starts_with(|char| ('\u{2800}'..='\u{28ff}').contains(&char)) && line.ends_with('s');
    let counts = |line: &str| line.contains(" of ") && line.contains(['█', '░']) && line.ends_with('s');
    let known = [
        "Id: ",
        "Seed: ",
        "Cost: ",
        "Saved ",
        "Cost in all: ",
        "> ",
        "status=",
        "Interrupted. ",
        "error: fail this: ",
        "# clear; ",
        "$ clear; ",
    ];
    let rest =
        ["twice.", "again.", "made. What each did cost is said after it.", "create another, which is charged anew."];
    let named = ["a pier", "a harbour", "fail this", "slow 9s", "0.jpg", "1.jpg"];
    line.is_empty()
        || spins(line)
        || counts(line)
        || known.iter().any(|known| line.starts_with(known))
        || rest.iter().any(|rest| line.ends_with(rest))
        || named.contains(&line)
        || line.starts_with("2 pictures: at most about ")
        || line.starts_with("twice. Of ")
        || ["#", "$"].contains(&line)
}

#[track_caller]
fn assert_whole(frames: &[String]) {
    for frame in frames {
        for line in frame.lines() {
            assert!(line.chars().count() <= 80 && is_whole(line), "{line:?} in:\n{frame}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_terminal_each_message_is_whole_and_ctrl_c_leaves_a_clean_screen() {
    let place = Place::with(Emulator::builder().generation_time(Duration::from_millis(900))).await;
    for number in [0, 1] {
        place.picture(&format!("{number}.jpg")).await;
    }
    fs::write(place.path("prompts.txt"), "a pier\nslow 9s\na harbour\n").unwrap();
    let Some(terminal) = Terminal::open(&place, "whole") else { return };
    sleep(Duration::from_millis(300)).await;

    let generate = terminal.frames("./leonardo generate -n 1 --size 512x512 'a pier' 'fail this'", None).await;
    assert_whole(&generate);
    assert!(generate.iter().any(|frame| frame.contains("1 of 2 ") || frame.contains("0 of 2 ")), "no bar was seen");
    let last = generate.last().unwrap();
    assert!(last.contains("status=1") && !last.contains('█') && !last.contains(" of 2 "), "{last}");

    let removebg = terminal.frames("./leonardo removebg 0.jpg 1.jpg", None).await;
    assert_whole(&removebg);
    assert!(removebg.last().unwrap().contains("Saved 0-removebg.png"));

    for (command, tenth) in [
        ("./leonardo batch -n 1 --size 512x512 prompts.txt", 18),
        ("./leonardo removebg --reprocess-existing 0.jpg 1.jpg", 6),
        ("./leonardo generate -n 1 'slow 9s'", 8),
    ] {
        let frames = terminal.frames(command, Some(tenth)).await;
        assert_whole(&frames[..frames.len() - 1]);
        let last = frames.last().unwrap();
        assert!(last.contains("status=130") && last.contains("`leonardo resume` goes on"), "{last}");
        let is_bar =
            |line: &str| line.contains('█') || line.starts_with(|char| ('\u{2800}'..='\u{28ff}').contains(&char));
        assert!(!last.lines().any(is_bar), "{command} leaves a bar:\n{last}");
        terminal.tmux(&["clear-history"]);
        fs::remove_dir_all(place.path("data")).unwrap();
    }
}

/// The same for the live view of the jobs. Its texts are broken between words, so a line that goes on ends in a known word.
#[cfg(feature = "jobs")]
#[tokio::test(flavor = "multi_thread")]
async fn in_a_terminal_the_jobs_are_counted_and_ctrl_c_hands_them_back() {
    let place = Place::with(Emulator::builder().generation_time(Duration::from_millis(1500))).await;
    let Some(terminal) = Terminal::open(&place, "jobs") else { return };
    sleep(Duration::from_millis(300)).await;
    let is_known = |line: &str| {
        is_whole(line)
            || line.contains(" submitted")
            || line.contains(" done, ") && line.contains("spent ")
            || line.starts_with("Stopping: creates under way ") && line.ends_with("Once more")
            || ["ends it at once.", "for nothing twice."].contains(&line)
    };
    let assert_known = |frames: &[String]| {
        for frame in frames {
            for line in frame.lines() {
                assert!(line.chars().count() <= 80 && is_known(line.trim_end()), "{line:?} in:\n{frame}");
            }
        }
    };

    let work = "./leonardo jobs work -n 1 --size 512x512";
    let frames = terminal.frames(&format!("{work} --until-done 'a pier' 'a mole'"), None).await;
    assert_known(&frames);
    let sees = |text: &str| frames.iter().any(|frame| frame.contains(text));
    assert!(sees(" of 2 done, ") && sees(" at work, spent ") && sees("0 of 2 ░"), "{frames:#?}");
    let last = frames.last().unwrap();
    assert!(last.contains("status=0") && last.contains("2 of 2 done, spent ") && !last.contains('░'), "{last}");
    assert!(!last.contains('█'), "{last}");

    terminal.tmux(&["clear-history"]);
    let frames = terminal.frames(&format!("{work} 'slow 9s'"), Some(20)).await;
    assert_known(&frames);
    let last = frames.last().unwrap();
    assert!(last.contains("status=130") && last.contains("1 not finished: `leonardo jobs work` goes on"), "{last}");
    assert!(!last.contains(['░', '█']), "{last}");
    assert_eq!(place.emulator.charges().len(), 3);
    // What was handed back goes on, and is not paid for again.
    place.run(&["jobs", "work", "--until-done"]).await.succeeded();
    assert_eq!(place.emulator.charges().len(), 3);
}
