//! Every path that can be given, leading to what is not a file: nothing may wait for it.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Far beyond what any of them takes; `timeout(1)` then ends the program and exits with 124.
const PATIENCE: &str = "120";
const WAITED: i32 = 124;

/// All variables that name files and directories.
const VARIABLES: [&str; 8] = [
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HOME",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

struct Place {
    directory: tempfile::TempDir,
    _socket: UnixListener,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::fs::write(at("token"), include_str!("../k8s/rs256-eks-issuer/normal-sts-aud.jwt")).unwrap();
        let socket = UnixListener::bind(at("socket")).unwrap();
        Place { directory, _socket: socket }
    }

    /// Each with the word for it.
    fn traps(&self) -> [(PathBuf, &'static str); 4] {
        let at = |name: &str| self.directory.path().join(name);
        [
            (at("fifo"), "a FIFO"),
            (at("socket"), "a socket"),
            ("/dev/zero".into(), "a device"),
            (self.directory.path().to_owned(), "a directory"),
        ]
    }

    /// In a pod whose STS refuses connections.
    fn probe(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args([PATIENCE, env!("CARGO_BIN_EXE_irsa-probe")]).args(arguments).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("IRSA_PROBE_TARGET_PID", "none").env("IRSA_PROBE_NO_IMDS", "1").env("AWS_REGION", "eu-west-1");
        command.env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
        command.env("AWS_WEB_IDENTITY_TOKEN_FILE", self.directory.path().join("token"));
        command.env("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:9").stdin(Stdio::null());
        command
    }
}

fn said(command: &mut Command) -> (i32, String) {
    let output = command.output().expect("coreutils");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("an exit code"), String::from_utf8_lossy(&text).into_owned())
}

/// The commands that end by themselves, with what makes them end soon.
fn ending(command: &str) -> Option<Vec<&str>> {
    match command {
        "serve" => None,
        "wait" => Some(vec!["wait", "--timeout", "100ms", "--recreate-hold", "0s", "--log-format", "text"]),
        "doctor" => Some(vec!["doctor", "--timeout", "100ms"]),
        "debug-profile" => Some(vec!["debug-profile", "--image", "irsa-probe"]),
        command => Some(vec![command]),
    }
}

#[test]
fn no_option_waits_for_what_is_not_a_file() {
    let place = Place::new();
    let mut command = irsa_probe::cli::command();
    command.build();
    let mut tried = Vec::new();
    for command in command.get_subcommands() {
        let Some(start) = ending(command.get_name()) else { continue };
        let is_path = |name: &clap::builder::Str| ["FILE", "PATH"].contains(&name.as_str());
        for argument in
            command.get_arguments().filter(|one| one.get_value_names().unwrap_or_default().iter().any(is_path))
        {
            for (trap, word) in place.traps() {
                let trap = trap.to_str().unwrap();
                let option = argument.get_long().map(|long| format!("--{long}"));
                let mut arguments = start.clone();
                arguments.extend(option.as_deref());
                arguments.push(trap);
                let (code, text) = said(&mut place.probe(&arguments));
                assert_ne!(code, WAITED, "{arguments:?} waits");
                // What a run of the checks makes of a token file and a termination log is its report's affair.
                let is_read_first = argument.get_value_names().unwrap_or_default().iter().any(|name| name == "FILE");
                assert!(!is_read_first || code == 2 && text.contains(word), "{arguments:?}: {code} {text}");
                if let Some(variable) = argument.get_env() {
                    assert_ne!(said(place.probe(&start).env(variable, trap)).0, WAITED, "{variable:?}={trap} waits");
                }
            }
            tried.push(format!("{} {}", command.get_name(), argument.get_id()));
        }
    }
    for known in ["audit files", "check document", "check termination_log", "wait token_file", "trust-policy check"] {
        assert!(tried.iter().any(|one| one == known), "{known} is not among {tried:?}");
    }
}

#[test]
fn no_variable_and_no_address_waits_for_what_is_not_a_file() {
    let place = Place::new();
    for (trap, _) in place.traps() {
        for command in ["check", "wait"] {
            let mut probe = place.probe(&ending(command).unwrap());
            probe.envs(VARIABLES.map(|name| (name, &trap)));
            assert_ne!(said(&mut probe).0, WAITED, "{command} waits for {trap:?}");
            probe.env_remove("AWS_ROLE_ARN").env_remove("AWS_WEB_IDENTITY_TOKEN_FILE");
            probe.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
            assert_ne!(said(&mut probe).0, WAITED, "{command} waits for {trap:?} with EKS Pod Identity");
            for name in VARIABLES {
                assert_ne!(said(place.probe(&ending(command).unwrap()).env(name, &trap)).0, WAITED, "{name}={trap:?}");
            }
        }
        let address = format!("unix:{}", trap.display());
        for arguments in [
            vec!["serve", "--listen", &address, "--report-listen", "none"],
            vec!["serve", "--listen", "127.0.0.1:0", "--report-listen", &address],
            vec!["ping", &address],
        ] {
            let (code, text) = said(&mut place.probe(&arguments));
            assert!(code != WAITED && code != 0, "{arguments:?}: {text}");
            assert!(trap.exists(), "{arguments:?} removed it");
        }
    }
}

/// A sidecar, ended by a signal as soon as it has logged the result of its first run.
fn serve_once(place: &Place, trap: &Path) -> (Option<i32>, String) {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--report-listen", "none", "--log-format", "text"];
    let mut probe = place.probe(&arguments);
    probe.envs(VARIABLES.map(|name| (name, trap)));
    probe.arg("--termination-log").arg(trap).stderr(Stdio::piped()).stdout(Stdio::null());
    let mut child: Child = probe.spawn().expect("coreutils");
    let mut log = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        log.push_str(&line);
        log.push('\n');
        if line.contains("termination message") {
            kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        }
    }
    (child.wait().unwrap().code(), log)
}

#[test]
fn a_sidecar_runs_whatever_its_paths_lead_to() {
    let place = Place::new();
    for (trap, word) in place.traps() {
        let (code, log) = serve_once(&place, &trap);
        assert_ne!(code, Some(WAITED), "{trap:?}: {log}");
        assert!(log.contains("cannot write the termination message"), "{log}");
        assert!(log.contains(word) || log.contains("Is a directory"), "{log}");
    }
}
