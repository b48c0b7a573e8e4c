//! One run of a program: how long, how much of the processor, how much memory.

use nix::sys::ptrace;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal;
use nix::sys::time::TimeVal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs;
use std::io::{Error, Result};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Sample {
    pub wall: Duration,
    /// User and system time of the process and of what it waited for.
    pub cpu: Duration,
}

/// Runs to the end; fails if the program does. No other child of this process may end meanwhile.
pub fn run(command: &mut Command) -> Result<Sample> {
    let before = children_cpu()?;
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let wall = began.elapsed();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::other(format!("{}: {}", output.status, said.trim())));
    }
    Ok(Sample { wall, cpu: children_cpu()?.saturating_sub(before) })
}

fn children_cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: TimeVal| (time.tv_sec() * 1_000_000 + time.tv_usec()).unsigned_abs();
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}

/// The most memory that a run had resident, in KiB, read when the process is about to end: what the kernel tells
/// afterwards also counts the memory of the parent that started it.
pub fn peak_rss(command: &mut Command) -> Result<u64> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(Error::other)?);
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACEEXIT)?;
    let mut peak = None;
    loop {
        match waitpid(pid, None)? {
            WaitStatus::PtraceEvent(..) => {
                peak = high_water_mark(pid)?;
                ptrace::cont(pid, None)?;
            }
            WaitStatus::Stopped(_, Signal::SIGTRAP) => ptrace::cont(pid, None)?,
            WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal)?,
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => {
                return peak.ok_or_else(|| Error::other("the process was gone before its memory could be read"));
            }
            _ => {}
        }
    }
}

fn high_water_mark(pid: Pid) -> Result<Option<u64>> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()))
}
