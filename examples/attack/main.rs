//! `cargo run --release --example attack`: what a hostile client can do to `irsa-probe serve`.
//!
//! Starts the built program with 64 MiB, attacks its port on loopback in one way after the other, and asks `/livez` all
//! the while as the kubelet does. Prints a table; fails if an answer was missing. Nothing leaves this machine.

#![allow(clippy::disallowed_methods, reason = "this is a client, a clock and a reader of /proc")]

mod attacks;
mod flood;
mod victim;
mod watcher;

use attacks::{ATTACKS, Done};
use clap::Parser;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use victim::Victim;
use watcher::{Watch, ask};

/// Attacks irsa-probe serve on loopback
#[derive(Parser)]
struct Arguments {
    /// The program, by default the one that was built beside this
    #[arg(long)]
    probe: Option<PathBuf>,
    /// How long each attack lasts
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only the attacks whose name contains this
    #[arg(default_value = "")]
    only: String,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let probe = match arguments.probe {
        Some(path) => path,
        None => beside_this()?,
    };
    // Thousands of connections are ours as well.
    let (_, most) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)?;
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, most.min(65_536), most)?;

    println!("| attack | done | probes answered | slowest | peak RSS | threads | descriptors | afterwards |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut all_well = true;
    let mut bound = "";
    for attack in ATTACKS.iter().filter(|attack| attack.name.contains(&arguments.only)) {
        let victim = Victim::start(&probe, attack.descriptors)?;
        bound = victim.bound();
        let watch = Watch::start(victim.address, victim.pid());
        let lasts = Duration::from_secs(arguments.seconds);
        let end = Instant::now() + lasts;
        let done = Done::default();
        std::thread::scope(|scope| {
            for _ in 0..attack.threads {
                scope.spawn(|| (attack.run)(victim.address, end, &done));
            }
        });
        let seen = watch.stop();
        let afterwards = ask(victim.address).is_some();
        all_well &= afterwards && seen.answered == seen.asked && seen.asked > 0;
        println!(
            "| {} | {} | {} of {} | {:.1} ms | {:.1} MiB | {} | {} | {} |",
            attack.name,
            attack.tell(done, lasts),
            seen.answered,
            seen.asked,
            seen.slowest.as_secs_f64() * 1000.0,
            seen.peak_kib as f64 / 1024.0,
            seen.threads,
            seen.descriptors,
            if afterwards { "answers" } else { "DEAD" },
        );
    }
    println!("\n{bound}");
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn beside_this() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let built = own.parent().and_then(|examples| examples.parent()).map(|folder| folder.join("irsa-probe"));
    match built.filter(|path| path.exists()) {
        Some(path) => Ok(path),
        None => Err(Error::other("irsa-probe is not built beside this; run cargo build (--release) first, or --probe")),
    }
}
