//! What the two programs have in common: `PROGRAM create|get|list CALLS CONCURRENCY PORT`.
//!
//! Each prints the seconds that its calls took, the seconds of the processor's time among them, and the most memory
//! that it held, in KiB.

use std::future::Future;
use std::time::Instant;

pub const KEY: &str = "11111111-2222-4333-8444-555555555555";
pub const USER: &str = "11111111-2222-4333-8444-555555555555";
pub const GENERATION: &str = "75925cd2-fb65-4e8c-84c0-000000000000";
pub const PROMPT: &str = "An oil painting of a cat";

#[derive(Clone, Copy)]
pub enum Operation {
    Create,
    Get,
    List,
}

pub struct Work {
    pub operation: Operation,
    pub calls: usize,
    pub concurrency: usize,
    pub url: String,
}

impl Work {
    fn from_args() -> Option<Self> {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let [operation, calls, concurrency, port] = &args[..] else { return None };
        let operation = match operation.as_str() {
            "create" => Operation::Create,
            "get" => Operation::Get,
            "list" => Operation::List,
            _ => return None,
        };
        let url = format!("http://127.0.0.1:{}", port.parse::<u16>().ok()?);
        Some(Self { operation, calls: calls.parse().ok()?, concurrency: concurrency.parse().ok()?, url })
    }
}

/// Runs the program. `worker` makes one call after another, as many as it is told.
pub fn main<W, F>(start: impl FnOnce(&Work) -> W)
where
    W: Fn(Operation, usize) -> F,
    F: Future<Output = ()> + 'static,
{
    let work = Work::from_args().expect("create|get|list CALLS CONCURRENCY PORT");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (seconds, busy) = runtime.block_on(async {
        let worker = start(&work);
        let (begin, busy) = (Instant::now(), processor_seconds());
        tokio::task::LocalSet::new()
            .run_until(async {
                let workers: Vec<_> = (0..work.concurrency)
                    .map(|number| {
                        let calls = (work.calls + number) / work.concurrency;
                        tokio::task::spawn_local(worker(work.operation, calls))
                    })
                    .collect();
                for worker in workers {
                    worker.await.expect("every call succeeds");
                }
            })
            .await;
        (begin.elapsed().as_secs_f64(), processor_seconds() - busy)
    });
    println!("{seconds:.6} {busy:.6} {}", most_memory().unwrap_or(0));
}

/// Of this thread, which is the only one that works. Exact to the nanosecond, unlike what the process's times say.
fn processor_seconds() -> f64 {
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
