//! `cargo build --release && cargo run --release --example bench`: what a run costs, whole process, against the
//! stand-in for STS, beside whatever else on this machine can do the same two calls.
//!
//! Programs take turns within each round, and ratios are medians over rounds, so that a machine that slows down slows
//! all of them.

#![allow(clippy::disallowed_methods, reason = "a benchmark has a clock")]

mod floor;
#[path = "../local_sts/mod.rs"]
mod local_sts;
mod measure;
mod programs;

use clap::Parser;
use irsa_probe::aws::arn::RoleArn;
use local_sts::jwt::Minted;
use local_sts::keys::{Jwks, SigningKey};
use local_sts::tls::Authority;
use local_sts::world::trust_policy;
use local_sts::{LocalSts, World};
use measure::Sample;
use programs::Program;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Compares irsa-probe with other clients of STS.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// The release build to measure; by default the one in the target directory, static if there is one
    #[arg(long, value_name = "FILE")]
    probe: Option<PathBuf>,
    /// How often each program runs
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// How often programs run that start an interpreter
    #[arg(long, default_value_t = 10)]
    slow_rounds: usize,
}

/// A program's variables for one way of speaking to STS.
struct Setting {
    scheme: &'static str,
    variables: Vec<(&'static str, String)>,
}

/// What the rounds gave for one program in one setting.
struct Row {
    program: String,
    size: Option<u64>,
    samples: Vec<Option<Sample>>,
    peak_rss: std::result::Result<u64, String>,
}

fn main() -> Result<()> {
    if std::env::args().nth(1).is_some_and(|first| first == programs::AS_FLOOR) {
        return floor::run();
    }
    let arguments = Arguments::parse();
    let directory = tempfile::tempdir()?;
    let home = directory.path().join("home");
    std::fs::create_dir(&home)?;
    let (programs, absent) = programs::present(arguments.probe.clone(), &home, directory.path())?;
    for setting in settings(directory.path())? {
        let rows = rows(&programs, &setting, &home, &arguments)?;
        println!("{}", table(setting.scheme, &rows));
    }
    for why in absent {
        println!("Not compared: {why}.");
    }
    Ok(())
}

fn settings(directory: &Path) -> Result<[Setting; 2]> {
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let role =
        RoleArn::parse("arn:aws:iam::111122223333:role/checkout").map_err(|fault| Error::other(fault.to_string()))?;
    let key = SigningKey::rs256()?;
    let minted = Minted::new(issuer, "payments", "checkout", World::default().now());
    let policy = trust_policy(&role, issuer, "system:serviceaccount:payments:checkout", "sts.amazonaws.com");
    let world = World::default()
        .issuer(issuer, Some(Jwks::of(&[&key])))
        .provider(&role, issuer, &["sts.amazonaws.com"])
        .role(&role, policy);
    let sts = LocalSts::new(world);
    let authority = Authority::new()?;
    let (token, bundle) = (directory.join("token"), directory.join("ca.pem"));
    std::fs::write(&token, minted.sign(&key)?)?;
    std::fs::write(&bundle, &authority.pem)?;
    let plain = sts.listen(None)?;
    let tls = sts.listen(Some(authority.server(&["127.0.0.1"])?))?;
    let setting = |scheme, address| {
        let variables = vec![
            ("AWS_ROLE_ARN", role.to_string()),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.display().to_string()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
            ("AWS_ENDPOINT_URL_STS", format!("{scheme}://{address}")),
            ("AWS_CA_BUNDLE", bundle.display().to_string()),
            ("NODE_EXTRA_CA_CERTS", bundle.display().to_string()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("IRSA_PROBE_NO_IMDS", "true".to_owned()),
        ];
        Setting { scheme, variables }
    };
    Ok([setting("http", plain), setting("https", tls)])
}

fn rows(programs: &[Program], setting: &Setting, home: &Path, arguments: &Arguments) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for program in programs {
        // Warms the file cache, and shows that the program does its job.
        measure::run(&mut command(program, setting, home)?)
            .map_err(|error| Error::other(format!("{} over {}: {error}", program.name, setting.scheme)))?;
        let peak_rss = measure::peak_rss(&mut command(program, setting, home)?).map_err(|error| error.to_string());
        rows.push(Row { program: program.name.to_owned(), size: program.size, samples: Vec::new(), peak_rss });
    }
    let every = arguments.rounds.div_ceil(arguments.slow_rounds.max(1)).max(1);
    for round in 0..arguments.rounds {
        for (program, row) in programs.iter().zip(&mut rows) {
            let runs = !program.slow || round % every == 0;
            row.samples.push(match runs {
                true => Some(measure::run(&mut command(program, setting, home)?)?),
                false => None,
            });
        }
    }
    Ok(rows)
}

/// A cold run: what an earlier one left in its home (the aws CLI keeps sessions there) is gone.
fn command(program: &Program, setting: &Setting, home: &Path) -> Result<Command> {
    std::fs::remove_dir_all(home)?;
    std::fs::create_dir(home)?;
    let mut command = programs::clean(&program.path, home);
    command.args(&program.arguments).envs(setting.variables.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

/// A table in Markdown; the first row is what the others are compared with.
fn table(scheme: &str, rows: &[Row]) -> String {
    let mut table = format!(
        "| over {scheme} | wall, median | 95 % below | x floor | CPU, median | x floor | peak RSS | file |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    );
    let Some(floor) = rows.first() else { return table };
    for row in rows {
        let (wall, cpu) = (|sample: &Sample| sample.wall, |sample: &Sample| sample.cpu);
        let rss = row.peak_rss.as_ref().map_or_else(String::clone, |kib| format!("{:.1} MiB", *kib as f64 / 1024.0));
        let size = row.size.map_or_else(String::new, |bytes| format!("{:.2} MB", bytes as f64 / 1e6));
        table += &format!(
            "| {} | {} | {} | {:.2} | {} | {:.2} | {rss} | {size} |\n",
            row.program,
            milliseconds(quantile(row, wall, 0.5)),
            milliseconds(quantile(row, wall, 0.95)),
            ratio(row, floor, wall),
            milliseconds(quantile(row, cpu, 0.5)),
            ratio(row, floor, cpu),
        );
    }
    table
}

fn quantile(row: &Row, of: impl Fn(&Sample) -> Duration, part: f64) -> Duration {
    let mut sorted: Vec<Duration> = row.samples.iter().flatten().map(of).collect();
    sorted.sort_unstable();
    let at = ((sorted.len() as f64 - 1.0) * part).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// The median, over the rounds in which both ran, of one to the other.
fn ratio(row: &Row, floor: &Row, of: impl Fn(&Sample) -> Duration) -> f64 {
    let pairs = row.samples.iter().zip(&floor.samples);
    let both = pairs.filter_map(|(ours, floor)| Some((of(ours.as_ref()?), of(floor.as_ref()?))));
    let mut ratios: Vec<f64> = both.map(|(ours, floor)| ours.as_secs_f64() / floor.as_secs_f64()).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
