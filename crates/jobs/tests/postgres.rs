//! The same on PostgreSQL, whose server is restarted meanwhile. It is started by the test, in a directory of its own, from
//! where `JOBS_TEST_POSTGRES` says that its programs are; without that nothing is tested here.

#![cfg(all(feature = "postgres", unix))]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{ACCOUNT, Place, check, faults, spawn, submissions, within};
use leonardo_ai_emulator::{Emulator, Limits};
use leonardo_ai_jobs::{Account, Jobs};

/// Not a test: what the processes do that the other starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn worker_process() {
    // Without an address it is run among the tests, and has nothing to do.
    if std::env::var_os("JOBS_TEST_DATABASE").is_some() {
        common::worker_process().await;
    }
}

/// A process that is killed when its test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server of its own, on a free port of the loopback interface.
struct Server {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Server {
    fn start(programs: PathBuf, place: &Path) -> Self {
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

    fn control(&self, what: &str) {
        let options = format!("-p {} -k '' -c listen_addresses=127.0.0.1", self.port);
        let log = self.data.join("log").display().to_string();
        self.run("pg_ctl", &[what, "-w", "-m", "fast", "-o", &options, "-l", &log][..]);
    }

    fn url(&self) -> String {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_prompt_is_paid_for_once_whatever_is_restarted() {
    let Some(programs) = std::env::var_os("JOBS_TEST_POSTGRES") else { return };
    let number = |name: &str, default: usize| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (prompts, seed) = (number("JOBS_TEST_PROMPTS", 60), number("JOBS_TEST_SEED", 1) as u64);
    let mut place = Place::new();
    let server = Server::start(programs.into(), place.directory.path());
    place.url = server.url();
    let mut limits = Limits::none();
    (limits.pending_jobs, limits.creates_per_minute) = (Some(10), Some(100));
    let emulator = Emulator::builder().generation_time(Duration::from_millis(2500)).limits(limits).faults(faults(seed));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(prompts)).await.unwrap();

    let start = || Process(spawn(&place, &emulator));
    let mut workers: Vec<_> = (0..8).map(|_| start()).collect();
    let stopped = workers[0].0.id().to_string();
    let (begin, mut round) = (Instant::now(), 0_usize);
    // The limit of creates a minute decides how long it takes.
    let limit = Duration::from_secs(150 + 2 * prompts as u64);
    loop {
        // The database may be away for a moment.
        if matches!(jobs.is_idle().await, Ok(true)) {
            break;
        }
        assert!(begin.elapsed() < limit, "{:?}", jobs.status(ACCOUNT).await);
        tokio::time::sleep(Duration::from_secs(2)).await;
        round += 1;
        match round {
            1 => assert!(Command::new("kill").args(["-STOP", &stopped]).status().unwrap().success()),
            2 | 5 => server.control("restart"),
            _ => {}
        }
        if round < 30 {
            // All but the one that is stopped, in an order that the seed decides.
            let next = 1 + (round * 5 + seed as usize) % 7;
            workers[next] = start();
        }
    }
    assert!(Command::new("kill").args(["-CONT", &stopped]).status().unwrap().success());
    tokio::time::sleep(Duration::from_secs(3)).await;
    drop(workers);
    println!("{round} rounds in {:?}", begin.elapsed());
    assert!(round >= 5, "the server was not restarted twice");
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.is_ok()).await);
    check(&jobs, &emulator, prompts).await;
}
