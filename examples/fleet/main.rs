//! `cargo run --release --example fleet`: how many calls to STS a fleet of probes makes.
//!
//! Simulates the very schedules of `wait` and `serve` (no processes, no clock, no network) for pods that start together,
//! against an STS that refuses what is above its limit, and prints tables in Markdown.

use clap::Parser;
use fastrand::Rng;
use irsa_probe::causes::Advice;
use irsa_probe::modes::schedule::{Next, Outlook, Serving, Waiting};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Simulates a fleet
#[derive(Parser)]
struct Arguments {
    /// Calls per second and account that STS takes (a token bucket, one second deep)
    #[arg(long, default_value_t = 600)]
    limit: u32,
    /// Pods that a scheduler starts in a second, at most
    #[arg(long, default_value_t = 100)]
    starts: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is asked of the simulation.
#[derive(Clone, Copy)]
struct Fleet {
    pods: u32,
    /// Pods that start in a second.
    starts: u32,
    limit: u32,
    timeout: Duration,
    interval: Duration,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    /// Calls in each second, refused ones too.
    calls: Vec<u32>,
    refused: u64,
    /// Seconds from a pod's start to its first healthy run.
    started: Vec<f64>,
    /// Init containers that gave up and were started again by the kubelet.
    gave_up: u64,
}

const HOURS: u64 = 3;
/// The SDK tries this often before a run counts as throttled.
const ATTEMPTS: u32 = 3;
const CALL: Duration = Duration::from_millis(40);

fn main() {
    let arguments = Arguments::parse();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    println!("STS takes {} calls a second; a run that works makes two.\n", arguments.limit);
    println!(
        "| pods | started | `wait --timeout` | calls/s at most | refused | half / 99 % / all started after | gave up \
         (then restarted) |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for pods in [1, 1_000, 100_000] {
        for starts in [arguments.starts, u32::MAX] {
            for timeout in [minutes(2), minutes(10)] {
                let fleet = Fleet { pods, starts, limit: arguments.limit, timeout, interval: minutes(15) };
                start_up(fleet, arguments.seed);
            }
        }
    }
    println!(
        "\n| pods | `serve --interval` | calls/s on average | calls/s at most, {HOURS} h after the start |\n| --- | --- | --- | --- |"
    );
    for pods in [1, 1_000, 100_000] {
        for interval in [minutes(15), minutes(60)] {
            let fleet =
                Fleet { pods, starts: arguments.starts, limit: arguments.limit, timeout: minutes(10), interval };
            steady(fleet, arguments.seed);
        }
    }
}

fn start_up(fleet: Fleet, seed: u64) {
    let mut outcome = simulate(fleet, seed);
    outcome.started.sort_by(f64::total_cmp);
    let after = |share: f64| {
        let place = ((outcome.started.len() as f64 * share).ceil() as usize).saturating_sub(1);
        outcome.started.get(place).map_or("never".to_owned(), |seconds| in_words(*seconds))
    };
    let how = if fleet.starts == u32::MAX { "at once".to_owned() } else { format!("{} a second", fleet.starts) };
    println!(
        "| {} | {how} | {} min | {} | {} | {} / {} / {} | {} |",
        fleet.pods,
        fleet.timeout.as_secs() / 60,
        outcome.calls.iter().max().unwrap_or(&0),
        outcome.refused,
        after(0.5),
        after(0.99),
        after(1.0),
        outcome.gave_up
    );
}

fn steady(fleet: Fleet, seed: u64) {
    let outcome = simulate(fleet, seed);
    let last_hour = &outcome.calls[outcome.calls.len() - 3600..];
    let sum: u64 = last_hour.iter().map(|calls| u64::from(*calls)).sum();
    let most = last_hour.iter().max().unwrap_or(&0);
    println!(
        "| {} | {} min | {:.2} | {most} |",
        fleet.pods,
        fleet.interval.as_secs() / 60,
        sum as f64 / last_hour.len() as f64
    );
}

/// One pod's life so far. Times are milliseconds of the simulation.
#[derive(Clone, Copy)]
struct Pod {
    born: u64,
    /// When its `wait` began, or began again.
    began: u64,
    runs: u32,
    restarts: u32,
    serving: bool,
    failures: u32,
    session_ends: u64,
}

fn simulate(fleet: Fleet, seed: u64) -> Outcome {
    let waiting = Waiting { timeout: fleet.timeout, settle: Duration::from_secs(60), recreate_hold: Duration::ZERO };
    let serving = Serving { interval: fleet.interval };
    let mut dice = Rng::with_seed(seed);
    let mut outcome = Outcome { calls: vec![0; HOURS as usize * 3600], ..Outcome::default() };
    let mut granted = vec![0_u32; outcome.calls.len()];
    let mut pods = Vec::new();
    let mut queue = BinaryHeap::new();
    for place in 0..fleet.pods {
        // "At once" still takes a second: no scheduler does better.
        let born = (f64::from(place) * 1000.0 / f64::from(fleet.starts.min(fleet.pods))) as u64;
        pods.push(Pod { born, began: born, runs: 0, restarts: 0, serving: false, failures: 0, session_ends: 0 });
        queue.push(Reverse((born, place)));
    }
    while let Some(Reverse((mut now, place))) = queue.pop() {
        if now >= HOURS * 3_600_000 {
            break;
        }
        let pod = &mut pods[place as usize];
        let works = run(&mut outcome, &mut granted, fleet.limit, &mut now, &mut dice);
        let advice = if works { Advice::None } else { Advice::Retry };
        let outlook = Outlook { works, advice, throttled: !works, settles: false };
        pod.runs += 1;
        if works {
            pod.failures = 0;
            pod.session_ends = now + 3_600_000;
        } else {
            pod.failures += 1;
        }
        let pause = if pod.serving {
            let left = Duration::from_millis(pod.session_ends.saturating_sub(now));
            serving.pause(outlook, pod.failures, left, dice.f64())
        } else {
            let elapsed = Duration::from_millis(now - pod.began);
            match waiting.next(outlook, pod.runs, elapsed, dice.f64()) {
                Next::RunIn(pause) => pause,
                Next::Exit if works => {
                    outcome.started.push((now - pod.born) as f64 / 1000.0);
                    // The sidecar looks for itself when it starts.
                    pod.serving = true;
                    Duration::ZERO
                }
                Next::Exit | Next::ExitIn(_) => {
                    // CrashLoopBackOff: 10 s, doubled up to five minutes.
                    outcome.gave_up += 1;
                    let back_off = Duration::from_secs((10 << pod.restarts.min(5)).min(300));
                    pod.restarts += 1;
                    pod.runs = 0;
                    pod.began = now + back_off.as_millis() as u64;
                    back_off
                }
            }
        };
        queue.push(Reverse((now + pause.as_millis() as u64, place)));
    }
    outcome
}

/// Two calls, each tried as the SDK does; whether both were answered. `now` moves on.
fn run(outcome: &mut Outcome, granted: &mut [u32], limit: u32, now: &mut u64, dice: &mut Rng) -> bool {
    for _call in 0..2 {
        let mut answered = false;
        for attempt in 0..ATTEMPTS {
            let second = (*now / 1000) as usize;
            *now += CALL.as_millis() as u64;
            let (Some(calls), Some(taken)) = (outcome.calls.get_mut(second), granted.get_mut(second)) else {
                return true;
            };
            *calls += 1;
            if *taken < limit {
                *taken += 1;
                answered = true;
                break;
            }
            outcome.refused += 1;
            // The SDK's standard back-off: up to a second, doubled.
            *now += (dice.f64() * f64::from(1 << attempt) * 1000.0) as u64;
        }
        if !answered {
            return false;
        }
    }
    true
}

fn in_words(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.1} s") } else { irsa_probe::text::timestamp::span(seconds as i64) }
}
