//! How much memory this process has, where the system tells it.

/// In KiB: `VmRSS` is what is resident now, `VmHWM` the most that ever was.
pub fn resident(which: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
