//! `doctor` with a `kubectl` and an `aws` that replay answers: each directory of `tests/doctor/` changes some answers of
//! `world.json`, in which everything agrees. `UPDATE_CASES=1` writes the reports; read the diff.

mod debug;
mod hostile;
mod options;
mod real_clients;

use irsa_probe::text::timestamp::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor");
const PROBE: &str = env!("CARGO_BIN_EXE_irsa-probe");

/// Answers by the words of the command: what it was recorded to print, or to complain about. After a debug container was
/// created there are other answers; its name is new each time, and so is the path of its profile.
const REPLAY: &str = r#"#!/bin/sh
name=$(printf '%s' "${0##*/} $*" | sed 's/irsa-probe-[0-9a-f]\{5\}/PROBE/g; s#/[^ ]*/PROBE/profile.json#FILE#' | tr '/: ' '___')
printf '%s\n' "$name" >> "$ANSWERS/asked"
[ -f "$ANSWERS/container" ] && [ -f "$ANSWERS/${name}_after_debug.out" ] && name=${name}_after_debug
if [ "$1" = debug ]; then
    printf '%s' "$*" | sed 's/.*--container \(irsa-probe-[0-9a-f]*\).*/\1/' > "$ANSWERS/container"
    profile=$(printf '%s' "$*" | sed 's/.*--custom //')
    printf '%s' "$profile" > "$ANSWERS/profile"
    cp "$profile" "$ANSWERS/profile.json" || exit 8
fi
[ -f "$ANSWERS/$name.out" ] && [ -f "$ANSWERS/container" ] &&
    exec sed "s/\"PROBE\"/\"$(cat "$ANSWERS/container")\"/" "$ANSWERS/$name.out"
[ -f "$ANSWERS/$name.out" ] && exec cat "$ANSWERS/$name.out"
[ -f "$ANSWERS/$name.err" ] || { echo "nothing was recorded for $name" >&2; exit 9; }
cat "$ANSWERS/$name.err" >&2
exit 1
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code, reason = "for the reader of the case")]
    about: String,
    #[serde(default = "pod")]
    arguments: Vec<String>,
    /// A merge patch for a document, or the error in its place. `AN_HOUR_AGO` is a time.
    answers: BTreeMap<String, Value>,
    /// Programs that are not installed.
    #[serde(default)]
    missing: Vec<String>,
    /// `~/.aws/config`.
    #[serde(default)]
    config: String,
}

fn pod() -> Vec<String> {
    ["-n", "payments", "pod/checkout-0"].map(str::to_owned).to_vec()
}

struct Laptop {
    directory: TempDir,
}

impl Laptop {
    fn with(answers: &BTreeMap<String, Value>, config: &str) -> Laptop {
        let laptop = Laptop { directory: tempfile::tempdir().unwrap() };
        for (command, answer) in answers {
            let (text, ending) = match answer {
                Value::String(error) => (error.clone(), "err"),
                document => (document.to_string().replace("AN_HOUR_AGO", &an_hour_ago()), "out"),
            };
            fs::write(laptop.path(&format!("{}.{ending}", command.replace(['/', ':', ' '], "_"))), text).unwrap();
        }
        fs::create_dir(laptop.path(".aws")).unwrap();
        fs::write(laptop.path(".aws/config"), config).unwrap();
        ["kubectl", "aws"].iter().for_each(|program| laptop.install(program, REPLAY));
        laptop
    }

    fn install(&self, program: &str, script: &str) {
        fs::create_dir_all(self.path("bin")).unwrap();
        fs::write(self.path("bin").join(program), script).unwrap();
        fs::set_permissions(self.path("bin").join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[impl AsRef<str>]) -> Command {
        let mut command = Command::new(PROBE);
        command.arg("doctor").args(arguments.iter().map(AsRef::as_ref)).env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command.env("HOME", self.directory.path()).env("ANSWERS", self.directory.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[impl AsRef<str>]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What is shown, without the name of a debug container.
    fn plain(&self, shown: Vec<u8>) -> String {
        let container = fs::read_to_string(self.path("container")).unwrap_or_else(|_| "PROBE".to_owned());
        text(shown).replace(&container, "PROBE").replace("/tmp/PROBE/profile.json", "FILE")
    }

    /// The commands that ran.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.path("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }
}

fn an_hour_ago() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(now.as_secs() as i64 - 3_600).to_string()
}

fn world() -> BTreeMap<String, Value> {
    serde_json::from_str(&fs::read_to_string(format!("{CASES}/world.json")).unwrap()).unwrap()
}

fn laptop(case: &Case) -> Laptop {
    let laptop = Laptop::with(&answers(case), &case.config);
    case.missing.iter().for_each(|program| fs::remove_file(laptop.path("bin").join(program)).unwrap());
    laptop
}

fn answers(case: &Case) -> BTreeMap<String, Value> {
    let mut answers = world();
    for (command, answer) in &case.answers {
        match answer {
            Value::Object(_) => json_patch::merge(answers.entry(command.clone()).or_default(), answer),
            other => drop(answers.insert(command.clone(), other.clone())),
        }
    }
    answers
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// All, or the one that is named in `CASE`.
fn cases() -> Vec<(PathBuf, String, Case)> {
    let only = std::env::var("CASE").ok();
    let folders = fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let named = folders.map(|folder| (folder.file_name().unwrap().to_string_lossy().into_owned(), folder));
    let chosen = named.filter(|(name, _)| only.as_ref().is_none_or(|only| only == name));
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let case = |(name, folder): (String, PathBuf)| {
        let case = serde_json::from_str(&read(folder.join("case.json"))).expect(&name);
        (folder, name, case)
    };
    chosen.map(case).collect()
}

#[test]
fn every_case_is_decided_or_says_what_is_open() {
    let mut wrong = Vec::new();
    for (folder, name, case) in cases() {
        let laptop = laptop(&case);
        let output = laptop.run(&case.arguments);
        let (out, err) = (laptop.plain(output.stdout), laptop.plain(output.stderr));
        let shown = format!("$ irsa-probe doctor {}\n{err}{out}", case.arguments.join(" "));
        // A policy in a command is as long as it is.
        let of_line = |line: &str| match line.contains("--policy-document") {
            true => 1,
            false => line.chars().count().div_ceil(80).max(1),
        };
        let rows: usize = out.lines().map(of_line).sum();
        if rows > 24 {
            wrong.push(format!("{name}: {rows} rows\n{out}"));
        }
        if let Err(what) = hold(&folder.join("report.txt"), &sorted(&shown)) {
            wrong.push(format!("{name}: {what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Commands that run side by side end in any order.
fn sorted(shown: &str) -> String {
    let (mut progress, rest): (Vec<&str>, Vec<&str>) = shown.lines().partition(|line| line.contains(" ... "));
    progress.sort_unstable();
    let (first, rest) = rest.split_at(1);
    [first, &progress, rest].concat().join("\n") + "\n"
}

fn hold(path: &Path, is: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(path, is).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == is { Ok(()) } else { Err(format!("expected\n{expected}\nis\n{is}")) }
}

/// The processes of a command hold the writing end of a pipe: its reader sees the end when the last of them has ended.
#[test]
fn no_process_outlives_a_signal() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let laptop = Laptop::with(&BTreeMap::new(), "");
        mkfifo(&laptop.path("alive"), Mode::S_IRWXU).unwrap();
        laptop.install("kubectl", "#!/bin/sh\nexec 3>\"$ANSWERS/alive\"\necho begun >&3\nsleep 1000 &\nwait\n");
        let mut running = laptop.command(&pod()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut alive = BufReader::new(File::open(laptop.path("alive")).unwrap());
        let mut line = String::new();
        alive.read_line(&mut line).unwrap();
        assert_eq!(line, "begun\n");
        kill(Pid::from_raw(running.id() as i32), signal).unwrap();
        assert_eq!(running.wait().unwrap().code(), Some(3));
        assert_eq!(alive.read_line(&mut line).unwrap(), 0, "somebody still lives");
    }
}

#[test]
fn a_command_that_hangs_is_ended_with_its_children() {
    let laptop = Laptop::with(&BTreeMap::new(), "");
    mkfifo(&laptop.path("alive"), Mode::S_IRWXU).unwrap();
    laptop.install("kubectl", "#!/bin/sh\nexec 3>\"$ANSWERS/alive\"\necho begun >&3\nsleep 1000 &\nwait\n");
    let arguments = [&pod()[..], &["--timeout".to_owned(), "100ms".to_owned()]].concat();
    let running = laptop.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(File::open(laptop.path("alive")).unwrap()).read_to_string(&mut said).unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(output.stdout).contains("kubectl did not end within"), "{said}");
}

#[test]
fn the_number_of_commands_does_not_grow_with_the_number_of_pods() {
    let mut answers = world();
    let pod = answers["kubectl get pod checkout-0 -n payments -o json"].clone();
    let pods: Vec<Value> = (0..10_000)
        .map(|number| {
            let mut pod = pod.clone();
            pod["metadata"]["name"] = format!("checkout-{number}").into();
            pod["metadata"]["namespace"] = format!("team-{}", number % 50).into();
            pod["spec"]["serviceAccountName"] = format!("account-{}", number % 200).into();
            pod
        })
        .collect();
    let accounts: Vec<Value> = (0..200)
        .map(|number| {
            let mut account =
                answers["kubectl get serviceaccount checkout -n payments -o json --show-managed-fields"].clone();
            account["metadata"]["name"] = format!("account-{number}").into();
            account["metadata"]["namespace"] = format!("team-{}", number % 50).into();
            account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] =
                format!("arn:aws:iam::111122223333:role/role-{number}").into();
            account
        })
        .collect();
    let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items});
    answers.insert("kubectl get pods -A -o json".to_owned(), list(pods));
    answers.insert("kubectl get serviceaccounts -A -o json --show-managed-fields".to_owned(), list(accounts));
    let laptop = Laptop::with(&answers, "");
    let output = laptop.run(&["-A"]);
    let asked = laptop.asked();
    assert!(asked.len() < 15, "{} commands: {asked:#?}", asked.len());
    let shown = text(output.stdout);
    assert!(shown.lines().count() < 60, "{shown}");
}

#[test]
fn a_page_shows_the_answer() {
    let laptop = Laptop::with(&world(), "");
    let output = laptop.run(&["-n", "payments", "--output", "html", "pod/checkout-0"]);
    let page = text(output.stdout);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h1>CLEAN</h1>"), "{page}");
}

#[test]
fn a_dry_run_runs_nothing() {
    let laptop = Laptop::with(&world(), "");
    let output = laptop.run(&["--dry-run", "-n", "payments", "--context", "prod", "sts/checkout"]);
    let shown = text(output.stdout);
    assert!(shown.contains("  kubectl get statefulset checkout -n payments -o json --context prod\n"), "{shown}");
    assert!(shown.contains("  aws iam get-role --role-name ROLE --output json\n"), "{shown}");
    assert!(laptop.asked().is_empty());
}

#[test]
fn what_is_saved_is_judged_alike_and_holds_no_secret() {
    let password = json!({"spec": {"containers": [{"name": "app", "args": ["--password=hunter2"],
        "env": [{"name": "DATABASE_PASSWORD", "value": "hunter2"}]}]}});
    for (_, name, case) in cases() {
        let mut case = case;
        if name == "annotation-missing" {
            let pod = case.answers.get_mut("kubectl get pod checkout-0 -n payments -o json").unwrap();
            json_patch::merge(pod, &password);
        }
        let laptop = laptop(&case);
        let saved = laptop.path("saved");
        let more = ["--output".to_owned(), "json".to_owned(), "--save".to_owned(), saved.display().to_string()];
        let output = laptop.run(&[&case.arguments[..], &more].concat());
        if output.stdout.is_empty() {
            continue;
        }
        let again = Command::new(PROBE).args(["audit", "--output", "json"]).arg(&saved).output().unwrap();
        let [first, second]: [Value; 2] =
            [output.stdout, again.stdout].map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
        for part in ["verdict", "exit_code", "findings", "pods", "pods_without_irsa", "facts", "open"] {
            assert_eq!(first[part], second[part], "{name}: {part}");
        }
        for file in fs::read_dir(&saved).unwrap() {
            let file = file.unwrap().path();
            assert!(!fs::read_to_string(&file).unwrap().contains("hunter2"), "{name}: {}", file.display());
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // Nothing is overwritten.
        let twice = laptop.run(&[&case.arguments[..], &more].concat());
        assert!(twice.status.code() == Some(2) && text(twice.stderr).contains("cannot create"));
    }
}

/// kubectl takes the directory away while it answers.
#[test]
fn a_directory_that_cannot_be_written_is_reported_and_changes_no_verdict() {
    let laptop = Laptop::with(&world(), "");
    laptop.install("kubectl", &REPLAY.replace("#!/bin/sh\n", "#!/bin/sh\nrm -rf \"$ANSWERS/saved\"\n"));
    let saved = laptop.path("saved");
    let output = laptop.run(&[&pod()[..], &["--save".to_owned(), saved.display().to_string()]].concat());
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{err}{out}");
    assert!(out.starts_with("ok CLEAN"), "{out}");
    assert!(err.contains("is not complete, so irsa-probe audit does not read it: No such file"), "{err}");
    assert!(!saved.exists());
}

#[test]
fn a_debug_container_is_created_only_if_the_user_asks_for_it() {
    for (_, name, case) in cases() {
        let is_debug = case.arguments.contains(&"--debug".to_owned());
        let laptop = laptop(&case);
        laptop.run(&case.arguments);
        let asked = laptop.asked();
        let of_debug = asked.iter().filter(|one| one.starts_with("kubectl_debug_")).count();
        assert!(of_debug <= usize::from(is_debug), "{name}: {asked:#?}");
        let Ok(profile) = fs::read_to_string(laptop.path("profile.json")) else { continue };
        let profile: Value = serde_json::from_str(&profile).unwrap();
        let env = profile["env"].as_array().unwrap();
        assert!(env.contains(&json!({"name": "IRSA_PROBE_OUTPUT", "value": "json"})), "{name}: {profile}");
        let file = fs::read_to_string(laptop.path("profile")).unwrap();
        assert!(!Path::new(&file).parent().unwrap().exists(), "{name}: {file} is left behind");
    }
}

#[test]
fn a_debug_container_needs_a_target_and_an_image() {
    let laptop = Laptop::with(&world(), "");
    for arguments in
        [&["--debug", "pod/checkout-0"][..], &["--debug", "--image", "irsa-probe:1"], &["--can", "s3:GetObject"]]
    {
        assert_eq!(laptop.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(laptop.asked().is_empty());
}
