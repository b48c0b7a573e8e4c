//! Whatever a pod's variables, token file and answers hold: the program does not panic, ends in time and within its
//! memory, and no byte that it writes is of a signature, a secret key or a session token.

use crate::local_sts::{Misbehaviour, Operation};
use crate::stage::{Raised, Stage, UNSET};
use fastrand::Rng;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// For `prlimit`, in bytes: far above what a run takes in an unoptimized build, far below what an
/// answer without end would.
const MAX_DATA: &str = "--data=16777216";

/// Runs; each has its own seed, which a failure names.
const RUNS: u64 = 120;

const NAMES: &[&str] = &[
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_SESSION_NAME",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "HTTPS_PROXY",
    "NO_PROXY",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_MAX_ATTEMPTS",
    "HOME",
    "IRSA_PROBE_EXPECT_SERVICE_ACCOUNT",
];

/// Any of these may stand anywhere; `SECRET` becomes the token, a key or a piece of them.
const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "\"",
    "\u{1b}[31m",
    "é—☃",
    "/",
    "..",
    "://",
    "@",
    "a:SECRET@127.0.0.1:9",
    "SECRET",
    "eu-west-1",
    "cn-north-1",
    "https://127.0.0.1:9/",
    "http://[::1]:9",
    "arn:aws:iam::111122223333:role/checkout",
    "arn:aws:iam::1:role/",
    "{\"SECRET\":1}",
    "127.0.0.1",
    "9999999999999999999999",
    "%00%ff",
];

const MISBEHAVIOURS: &[&str] = &[
    "AccessDenied",
    "ExpiredTokenException",
    "InvalidIdentityToken",
    "Throttling",
    "SignatureDoesNotMatch",
    "close",
    "reset",
    "not-http",
    "cut-in-headers",
    "cut-in-body",
    "endless-body",
    "endless-headers",
    "content-length-malformed",
    "html",
    "json",
    "empty",
    "gzip",
    "s3",
    "truncated-credentials",
    "no-credentials",
    "malformed-expiration",
    "status:503",
    "redirect:https://example.com/",
];

fn of<'a, T: ?Sized>(dice: &mut Rng, choices: &[&'a T]) -> &'a T {
    choices[dice.usize(..choices.len())]
}

fn text(dice: &mut Rng, secret: &str) -> String {
    let pieces = dice.usize(1..4);
    (0..pieces).map(|_| of(dice, PIECES)).collect::<String>().replace("SECRET", secret).replace('\0', "")
}

/// A key that AWS could have made, and that is in no program.
const KEY: &str = "kZ3vQ8mWbT1xN7rLpY5sD2fG9hJ4cV6aE0uI/RoX";
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE0sessionEXAMPLE1tokenEXAMPLE2VeryLong";

fn pod(dice: &mut Rng) -> Raised {
    let mut stage = Stage::healthy().expect("a stage");
    for _ in 0..dice.usize(..3) {
        let value = text(dice, KEY);
        stage.set(of(dice, NAMES), if dice.usize(..4) == 0 { UNSET } else { &value });
    }
    stage.set("AWS_SECRET_ACCESS_KEY", KEY);
    stage.set("AWS_SESSION_TOKEN", SESSION_TOKEN);
    for operation in [Operation::AssumeRoleWithWebIdentity, Operation::GetCallerIdentity, Operation::OpenId] {
        if dice.usize(..3) == 0 {
            stage.misbehave(operation, of(dice, MISBEHAVIOURS).parse::<Misbehaviour>().expect("a misbehaviour"));
        }
    }
    stage.unpublished_key = dice.usize(..8) == 0;
    let mut raised = stage.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).expect("a pod");
    spoil_token(dice, &mut raised);
    raised
}

/// Changes bytes of the token file, or puts the token elsewhere: into a variable, twice into the file.
fn spoil_token(dice: &mut Rng, raised: &mut Raised) {
    let Some(token) = raised.token.clone() else { return };
    let file = raised.directory.path().join("var/run/secrets/eks.amazonaws.com/serviceaccount/token");
    let mut bytes = token.clone().into_bytes();
    match dice.usize(..6) {
        0 => {
            let at = dice.usize(..bytes.len());
            bytes[at] = u8::try_from(dice.usize(..256)).expect("a byte");
        }
        1 => bytes.truncate(dice.usize(..bytes.len())),
        2 => bytes.extend(format!("\n{token}").bytes()),
        3 => {
            raised.command.env(of(dice, NAMES), &token);
        }
        _ => return,
    }
    std::fs::write(file, bytes).expect("written");
}

/// The same run, ended by a signal once it takes more memory.
fn bounded(run: &Command) -> Command {
    let mut bounded = Command::new("prlimit");
    bounded.arg(MAX_DATA).arg(run.get_program()).args(run.get_args()).env_clear();
    bounded.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bounded
}

fn secrets(raised: &Raised) -> Vec<String> {
    let signature = raised.token.as_deref().and_then(|token| token.rsplit_once('.')).map(|(_, last)| last.to_owned());
    let known = [KEY, SESSION_TOKEN].map(str::to_owned);
    raised.sts.secrets().into_iter().chain(known).chain(signature).collect()
}

#[test]
fn nothing_secret_is_written_whatever_the_pod_holds() {
    for seed in 1..=RUNS {
        let mut dice = Rng::with_seed(seed);
        let mut raised = pod(&mut dice);
        let output = of(&mut dice, &["text", "json"]);
        let arguments = ["check", "--target-pid", "none", "--output", output, "--run-timeout", "3s"];
        raised.command.args(arguments).arg(format!("--issuer-check={}", of(&mut dice, &["auto", "always", "never"])));
        let began = std::time::Instant::now();
        let said = bounded(&raised.command).output().expect("the probe runs");
        let code = said.status.code().unwrap_or_else(|| panic!("seed {seed}: ended by a signal"));
        assert!((0..=4).contains(&code), "seed {seed}: exit {code}: {}", String::from_utf8_lossy(&said.stderr));
        // Far above the run's own 3 seconds: only a run without end fails here, not a slow machine.
        assert!(began.elapsed() < Duration::from_secs(30), "seed {seed} takes too long");
        let text = [said.stdout, said.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!text.contains("panicked"), "seed {seed}: {text}");
        for secret in secrets(&raised) {
            // Any long piece of it would be as bad.
            let pieces = secret.as_bytes().chunks(16).filter(|piece| piece.len() == 16);
            for piece in pieces.filter_map(|piece| std::str::from_utf8(piece).ok()) {
                assert!(!text.contains(piece), "seed {seed}: a piece of a secret in\n{text}");
            }
        }
    }
}
