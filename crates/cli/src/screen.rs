//! What a person, or a program, sees: results on standard output, messages and bars on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, WeakProgressBar};
use serde::Serialize;
use serde_json::Value;
use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthStr as _;

#[derive(Clone)]
pub struct Screen(Arc<Inner>);

struct Inner {
    json: bool,
    bars: MultiProgress,
    colours: bool,
    /// Each line that is there, to be taken away when the program is interrupted.
    lines: Mutex<Vec<WeakProgressBar>>,
    /// What to say then.
    hint: Mutex<Option<Hint>>,
}

type Hint = Box<dyn Fn() -> String + Send>;

impl Screen {
    pub fn new(json: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let draws = std::io::stderr().is_terminal() && !is_dumb;
        let target = if draws { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let colours = draws && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let bars = MultiProgress::with_draw_target(target);
        Self(Arc::new(Inner { json, bars, colours, lines: Mutex::default(), hint: Mutex::new(None) }))
    }

    /// Whether programs read the results.
    pub fn is_json(&self) -> bool {
        self.0.json
    }

    /// Whether there is a terminal that bars are drawn on.
    #[cfg(feature = "jobs")]
    pub fn draws(&self) -> bool {
        !self.0.bars.is_hidden()
    }

    /// A message, on standard error.
    pub fn say(&self, text: impl AsRef<str>) {
        let text = wrapped(text.as_ref(), terminal_size_of(std::io::stderr()));
        // A closed standard error is no reason to end.
        self.0.bars.suspend(|| _ = writeln!(std::io::stderr().lock(), "{text}"));
    }

    /// A message about what went wrong.
    pub fn complain(&self, text: impl AsRef<str>) {
        let text = wrapped(&format!("error: {}", text.as_ref()), terminal_size_of(std::io::stderr()));
        let text = match text.strip_prefix("error:") {
            Some(rest) if self.0.colours => format!("\u{1b}[31merror:\u{1b}[0m{rest}"),
            _ => text,
        };
        self.0.bars.suspend(|| _ = writeln!(std::io::stderr().lock(), "{text}"));
    }

    /// A result: text for people, or an object for programs.
    pub fn result(&self, text: impl AsRef<str>, object: &impl Serialize) {
        if self.0.json {
            self.print(&serde_json::to_string(object).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")));
        } else if !text.as_ref().is_empty() {
            self.print(&wrapped(text.as_ref(), terminal_size_of(std::io::stdout())));
        }
    }

    /// A record as JSON for both: in several lines for people, in one for programs.
    pub fn record(&self, record: &Value) {
        self.print(&if self.0.json { record.to_string() } else { format!("{record:#}") });
    }

    /// Text that is the result for people and programs alike.
    pub fn text(&self, text: &str) {
        self.print(text.trim_end());
    }

    /// Draws on standard output while no bars are there. Only people at a terminal see pictures.
    #[cfg(feature = "pictures")]
    pub fn draw(&self, picture: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        if self.0.json || !std::io::stdout().is_terminal() {
            return Ok(());
        }
        self.0.bars.suspend(picture)
    }

    fn print(&self, text: &str) {
        self.0.bars.suspend(|| {
            let mut out = std::io::stdout().lock();
            // Whoever reads has gone, as `head` does.
            if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
                crate::echo::restore();
                std::process::exit(crate::failure::FAILED.into());
            }
        });
    }

    /// A line that says what is being done, while it lasts.
    pub fn doing(&self, text: impl Into<String>) -> Doing {
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}");
        let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let line = self.line(bar.with_message(one_line(&text.into())));
        line.0.enable_steady_tick(Duration::from_millis(100));
        line
    }

    /// A bar that counts, below the others.
    pub fn counting(&self, all: u64) -> Doing {
        let style = ProgressStyle::with_template("{pos} of {len} {wide_bar} {elapsed}");
        let bar = ProgressBar::new(all).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.line(bar)
    }

    fn line(&self, bar: ProgressBar) -> Doing {
        if !self.0.bars.is_hidden() {
            crate::echo::hide();
        }
        let bar = self.0.bars.add(bar);
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.upgrade().is_some());
        lines.push(bar.downgrade());
        Doing(bar)
    }

    /// What to say if the program is interrupted from now on.
    pub fn set_hint(&self, hint: Option<Hint>) {
        *self.0.hint.lock().unwrap_or_else(PoisonError::into_inner) = hint;
    }

    /// Takes the bars away, and says that the program was interrupted and how to go on.
    pub fn interrupted(&self) {
        // A line that still ticks would draw itself once more.
        for line in self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if let Some(line) = line.upgrade() {
                line.disable_steady_tick();
                line.finish_and_clear();
            }
        }
        let _ = self.0.bars.clear();
        self.0.bars.set_draw_target(ProgressDrawTarget::hidden());
        let hint = self.0.hint.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.say(match hint {
            Some(hint) => format!("Interrupted. {}", hint()),
            None => "Interrupted.".to_owned(),
        });
    }
}

/// A line that is taken away when this is dropped.
pub struct Doing(ProgressBar);

impl Doing {
    pub fn now(&self, text: impl Into<String>) {
        self.0.set_message(one_line(&text.into()));
    }

    /// Sets a bar that counts.
    #[cfg(feature = "jobs")]
    pub fn at(&self, count: u64, all: u64) {
        self.0.set_length(all);
        self.0.set_position(count);
    }

    pub fn one_more(&self) {
        self.0.inc(1);
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Line breaks in a prompt would tear a bar apart.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Breaks lines between words, so that a terminal does not break them within words.
fn wrapped(text: &str, size: Option<(Width, terminal_size::Height)>) -> String {
    let Some((Width(width), _)) = size else { return text.to_owned() };
    let lines = text.lines().map(|line| wrapped_line(line, usize::from(width.max(20))));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let indent = line.chars().take_while(|char| *char == ' ').count();
    let (mut text, mut column) = (" ".repeat(indent), indent);
    for word in line.split_whitespace() {
        let length = word.width();
        if column > indent && column + 1 + length > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}

/// A path as a person would write it from here.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    below.filter(|below| !below.as_os_str().is_empty()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::wrapped_line;

    #[test]
    fn lines_are_broken_between_words_and_keep_their_indent() {
        assert_eq!(wrapped_line("short", 20), "short");
        assert_eq!(wrapped_line("  one two three four", 11), "  one two\n  three\n  four");
        assert_eq!(wrapped_line("a-word-that-is-longer x", 10), "a-word-that-is-longer\nx");
        // Each of these takes two columns.
        assert_eq!(wrapped_line("灯台 灯台 灯台", 11), "灯台 灯台\n灯台");
    }
}
