//! What a terminal shows of Ctrl-C.
//!
//! Bars keep the cursor at the end of a line, so the `^C` that the terminal shows would go to the next line, and taking
//! the bars away would miss a line. So it is not shown while there are bars.

#[cfg(unix)]
mod unix {
    use std::sync::{Mutex, PoisonError};

    use rustix::process::getpgrp;
    use rustix::stdio::stdin;
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

    /// How the terminal was before.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// In the background the terminal is another's, and whoever changes it is stopped.
    fn is_ours() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
    }

    pub fn hide() {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_some() || !is_ours() {
            return;
        }
        let Ok(modes) = tcgetattr(stdin()) else { return };
        let mut quiet = modes.clone();
        quiet.local_modes.remove(LocalModes::ECHOCTL);
        if tcsetattr(stdin(), OptionalActions::Now, &quiet).is_ok() {
            *before = Some(modes);
        }
    }

    pub fn restore() {
        let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(modes) = before.filter(|_| is_ours()) {
            let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
        }
    }
}

#[cfg(unix)]
pub use self::unix::{hide, restore};

#[cfg(not(unix))]
pub fn hide() {}

#[cfg(not(unix))]
pub fn restore() {}
