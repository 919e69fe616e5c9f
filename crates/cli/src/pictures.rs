//! A picture in the terminal, by the protocol of kitty, of iTerm2, or by sixels.

use std::error::Error;
use std::io::{Cursor, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use image::{DynamicImage, ImageFormat, ImageReader};

/// The largest side of what is shown, in pixels: the picture itself is in its file.
const LARGEST: u32 = 640;

/// How pictures are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    // As the terminal can, as far as its environment tells. With a doc comment, clap would spread the help of all options.
    Auto,
    Kitty,
    #[value(name = "iterm2")]
    Iterm2,
    Sixel,
}

impl Protocol {
    /// What is meant by [`Auto`](Self::Auto) here; `None` if the terminal is not known to show pictures.
    fn resolved(self, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if self != Self::Auto {
            return Some(self);
        }
        let term = variable("TERM").unwrap_or_default();
        let program = variable("TERM_PROGRAM").unwrap_or_default();
        if variable("KITTY_WINDOW_ID").is_some() || term == "xterm-kitty" || term == "xterm-ghostty" {
            return Some(Self::Kitty);
        }
        if ["iTerm.app", "WezTerm", "mintty"].contains(&&*program) || variable("KONSOLE_VERSION").is_some() {
            return Some(Self::Iterm2);
        }
        let is_sixel = term.contains("sixel") || term.starts_with("foot") || term.starts_with("mlterm");
        is_sixel.then_some(Self::Sixel)
    }
}

/// Shows a picture, and says why it cannot. Nothing that was done depends on it.
pub fn show(path: &Path, show: Protocol) -> Result<(), String> {
    let Some(show) = show.resolved(|name| std::env::var(name).ok()) else {
        return Err("this terminal is not known to show pictures: say --show=kitty, iterm2 or sixel".into());
    };
    // A video has no picture to show.
    if path.extension().is_some_and(|extension| extension == "mp4") {
        return Ok(());
    }
    let shown = read(path).and_then(|picture| write(&picture, show, &mut std::io::stdout().lock()));
    shown.map_err(|error| format!("{} cannot be shown: {error}", path.display()))
}

fn read(path: &Path) -> Result<DynamicImage, Box<dyn Error>> {
    let picture = ImageReader::new(Cursor::new(std::fs::read(path)?)).with_guessed_format()?.decode()?;
    let is_large = picture.width() > LARGEST || picture.height() > LARGEST;
    Ok(if is_large { picture.thumbnail(LARGEST, LARGEST) } else { picture })
}

fn write(picture: &DynamicImage, show: Protocol, to: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut png = Cursor::new(Vec::new());
    match show {
        Protocol::Auto => {}
        Protocol::Kitty => {
            picture.write_to(&mut png, ImageFormat::Png)?;
            let data = STANDARD.encode(png.into_inner());
            let mut chunks = data.as_bytes().chunks(4096).peekable();
            let mut settings = "a=T,f=100,q=2,";
            while let Some(chunk) = chunks.next() {
                let more = u8::from(chunks.peek().is_some());
                write!(to, "\x1b_G{settings}m={more};")?;
                to.write_all(chunk)?;
                write!(to, "\x1b\\")?;
                settings = "";
            }
        }
        Protocol::Iterm2 => {
            picture.write_to(&mut png, ImageFormat::Png)?;
            let png = png.into_inner();
            write!(to, "\x1b]1337;File=inline=1;size={}:{}\x07", png.len(), STANDARD.encode(png))?;
        }
        Protocol::Sixel => {
            let (width, height) = (picture.width() as usize, picture.height() as usize);
            let picture = icy_sixel::SixelImage::try_from_rgba(picture.to_rgba8().into_raw(), width, height)?;
            write!(to, "{}", picture.encode()?)?;
        }
    }
    writeln!(to)?;
    to.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_what_the_terminal_can() {
        let on = |name: &'static str, value: &'static str| {
            Protocol::Auto.resolved(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(on("KITTY_WINDOW_ID", "1"), Some(Protocol::Kitty));
        assert_eq!(on("TERM_PROGRAM", "iTerm.app"), Some(Protocol::Iterm2));
        assert_eq!(on("TERM", "foot"), Some(Protocol::Sixel));
        assert_eq!(on("TERM", "xterm-256color"), None);
        assert_eq!(Protocol::Sixel.resolved(|_| None), Some(Protocol::Sixel));
    }

    #[test]
    fn each_protocol_has_its_beginning_and_its_end() {
        let picture = DynamicImage::new_rgb8(300, 200);
        let written = |show| {
            let mut text = Vec::new();
            write(&picture, show, &mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        };
        let kitty = written(Protocol::Kitty);
        assert!(kitty.starts_with("\x1b_Ga=T,f=100,q=2,m=") && kitty.ends_with("\x1b\\\n"));
        let last = kitty.rsplit("\x1b_G").next().unwrap();
        assert!(last.contains("m=0;"), "{last}");
        let iterm = written(Protocol::Iterm2);
        assert!(iterm.starts_with("\x1b]1337;File=inline=1;size=") && iterm.ends_with("\x07\n"));
        let sixel = written(Protocol::Sixel);
        assert!(sixel.starts_with("\x1bP") && sixel.ends_with("\x1b\\\n"));
    }
}
