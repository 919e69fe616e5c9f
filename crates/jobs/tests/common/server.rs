//! A PostgreSQL server that a test starts, in a directory of its own, as a user without privileges.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server of its own, on a free port of the loopback interface.
pub struct Server {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Server {
    pub fn start(programs: PathBuf, place: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, data: place.join("data"), port };
        if is_root() {
            // The server refuses to run as root.
            let owned = Command::new("chown").arg("nobody").arg(place).status().unwrap();
            assert!(owned.success());
        }
        server.run("initdb", &["--auth=trust", "--username=jobs", "--no-sync"]);
        server.control("start");
        server
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let command = command.arg("-D").arg(&self.data).args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
        let status = command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    pub fn control(&self, what: &str) {
        let options = format!("-p {} -k '' -c listen_addresses=127.0.0.1", self.port);
        let log = self.data.join("log").display().to_string();
        self.run("pg_ctl", &[what, "-w", "-m", "fast", "-o", &options, "-l", &log][..]);
    }

    pub fn url(&self) -> String {
        format!("postgres://jobs@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.run("pg_ctl", &["stop", "-m", "immediate"]);
        } else {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                self.run("pg_ctl", &["stop", "-m", "immediate"])
            }));
        }
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}
