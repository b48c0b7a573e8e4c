//! A network in which the agent of EKS Pod Identity can have its own addresses. There is only loopback in it.

use nix::sched::{CloneFlags, unshare};
use std::io::{Error, Result};
use std::process::Command;

/// Puts this thread, and what it starts from now on, into such a network. Without root, the process must not have
/// started any other thread yet.
///
/// # Errors
/// The kernel allows no network of one's own, or the program `ip` (iproute2) is missing.
pub fn enter() -> Result<()> {
    let flags = match nix::unistd::geteuid().is_root() {
        true => CloneFlags::CLONE_NEWNET,
        false => CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUSER,
    };
    unshare(flags)?;
    ip("link set lo up")?;
    ip("address add 169.254.170.23/32 dev lo")?;
    // There is no IPv6 where the kernel has it turned off.
    let _ = ip("address add fd00:ec2::23/128 dev lo nodad");
    Ok(())
}

fn ip(arguments: &str) -> Result<()> {
    let status = Command::new("ip").args(arguments.split(' ')).status()?;
    if status.success() { Ok(()) } else { Err(Error::other(format!("ip {arguments}: {status}"))) }
}
