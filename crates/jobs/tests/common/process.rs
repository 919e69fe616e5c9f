//! Processes of a test, and signals to them.

use std::process::{Child, Command};

/// A process that is killed when its test ends, however that is.
pub struct Process(pub Child);

impl Process {
    /// Sends a signal, such as `-STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
