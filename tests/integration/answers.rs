//! Answers that are wrong, seen through the whole program: each is told as what it is, tried again only where that can
//! help, over before the run's time is, and gives nothing away.

use crate::local_sts::{LocalSts, Misbehaviour, Operation, World};
use crate::probe::{self, Run, inspect};
use std::time::Duration;

use Operation::{AssumeRoleWithWebIdentity as Assume, GetCallerIdentity as Identity};

/// What STS does, what the step then says, and how often STS was asked.
type Row = (&'static str, &'static str, usize);

fn assert_each(operation: Operation, rows: &[Row]) {
    for (name, detail, calls) in rows {
        let (run, asked) = run_with(operation, name);
        let step = match operation {
            Identity => "get-caller-identity",
            _ => "assume-role-with-web-identity",
        };
        assert_eq!(run.step(step), ("fail", *detail), "{name}");
        assert_eq!(asked, *calls, "{name}");
        assert!(!matches!(run.verdict(), "healthy" | "degraded"), "{name}: {}", run.report);
        assert_ne!(run.exit_code, 0, "{name}");
        assert_eq!(run.stderr, "", "{name}");
        assert_eq!(run.caller(), None, "{name}");
        if operation == Assume {
            assert_eq!(run.step("get-caller-identity").0, "skip", "{name}");
        }
    }
}

fn run_with(operation: Operation, name: &str) -> (Run, usize) {
    let (run, raised) = inspect(|stage| {
        stage.misbehave(operation, name.parse().expect("a misbehaviour"));
        stage.arguments.extend(["--run-timeout", "4s"].map(str::to_owned));
    });
    (run, raised.sts.calls(operation))
}

#[test]
fn an_answer_that_is_not_from_sts_is_reported_as_what_it_is() {
    assert_each(
        Assume,
        &[
            ("html", "200 with an HTML page", 1),
            ("json", "200 with JSON", 1),
            ("empty", "200 with an empty body", 1),
            ("redirect:https://portal.example/login", "302 that redirects to portal.example", 1),
            ("gzip", "200 with a body in the encoding gzip, which was not asked for", 1),
            ("s3", "405 with XML that is not STS's, code MethodNotAllowed", 1),
            ("endless-body", "200 with a body of more than 256 KiB", 1),
            ("content-length-too-short", "200 with a body that was cut off", 1),
            ("not-http", "no answer", 1),
            ("endless-headers", "no answer", 1),
            ("content-length-malformed", "no answer", 1),
        ],
    );
}

#[test]
fn half_an_answer_gives_no_credentials() {
    assert_each(
        Assume,
        &[
            ("truncated-credentials", "200 with a body that was cut off", 1),
            ("no-credentials", "200 that lacks the credentials", 1),
            // The SDK's own error holds the secret key here; `run` shows that nothing of it comes out.
            ("malformed-expiration", "200 in which the expiration cannot be read", 1),
        ],
    );
}

#[test]
fn what_may_pass_is_tried_again_and_not_for_ever() {
    assert_each(
        Assume,
        &[
            ("close", "no answer, 3 attempts", 3),
            ("cut-in-headers", "no answer, 3 attempts", 3),
            ("cut-in-body", "200 with a body that was cut off, 3 attempts", 3),
            ("status:502", "502 with an HTML page, 3 attempts", 3),
            ("InternalFailure", "500 InternalFailure, 3 attempts", 3),
            ("Throttling", "400 Throttling, 3 attempts", 3),
            ("IDPCommunicationError", "400 IDPCommunicationError, 3 attempts", 3),
            ("no-verification-key", "400 InvalidIdentityToken, 3 attempts", 3),
        ],
    );
}

#[test]
fn a_refusal_that_will_not_change_is_taken_at_once() {
    assert_each(
        Assume,
        &[
            ("AccessDenied", "403 AccessDenied", 1),
            ("ValidationError", "400 ValidationError", 1),
            ("ExpiredTokenException", "400 ExpiredTokenException", 1),
            ("no-provider", "400 InvalidIdentityToken", 1),
            ("wrong-audience", "400 InvalidIdentityToken", 1),
            ("RegionDisabledException", "403 RegionDisabledException", 1),
        ],
    );
}

#[test]
fn the_signed_call_is_judged_in_the_same_way() {
    assert_each(
        Identity,
        &[
            ("reset", "no answer, 3 attempts", 3),
            ("html", "200 with an HTML page", 1),
            ("no-credentials", "200 that lacks the ARN", 1),
            ("InvalidClientTokenId", "403 InvalidClientTokenId", 1),
            ("ServiceUnavailable", "503 ServiceUnavailable, 3 attempts", 3),
        ],
    );
}

#[test]
fn a_server_that_says_nothing_ends_with_the_runs_time() {
    for operation in [Assume, Identity] {
        let (run, raised) = inspect(|stage| {
            stage.misbehave(operation, Misbehaviour::Hang);
            stage.arguments.extend(["--run-timeout", "2s"].map(str::to_owned));
        });
        let step = if operation == Assume { "assume-role-with-web-identity" } else { "get-caller-identity" };
        assert_eq!(run.step(step), ("fail", "no answer within the run's time"));
        assert_eq!((run.exit_code, raised.sts.calls(operation)), (3, 1));
        let cause = run.report["findings"][0]["cause"].as_str().expect("a cause");
        assert!(cause.starts_with("The run timed out while the answer was awaited (http)."), "{cause}");
    }
}

#[test]
fn a_fault_that_passes_within_the_run_is_no_fault() {
    for name in ["Throttling", "status:503", "close", "no-verification-key"] {
        let mut raised = probe::raise(|_| ());
        raised.sts.misbehave_times(Assume, name.parse().expect("a misbehaviour"), 2);
        let run = probe::run(&mut raised);
        assert_eq!(run.verdict(), "healthy", "{name}: {}", run.report);
        assert_eq!(run.step("assume-role-with-web-identity"), ("pass", "answered, 3 attempts"));
    }
}

#[test]
fn an_answer_that_takes_its_time_is_an_answer() {
    // Longer than any limit of the probe's own but the run's.
    let (run, raised) = inspect(|stage| stage.misbehave(Assume, Misbehaviour::Delay(Duration::from_millis(4500))));
    assert_eq!((run.verdict_without_warnings(), run.exit_code), ("healthy", 0), "{}", run.report);
    assert_eq!(raised.sts.calls(Assume), 1);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = LocalSts::new(World::default());
    let url = format!("http://{}/", elsewhere.listen(None).expect("listen"));
    let (run, raised) = inspect(|stage| stage.misbehave(Assume, Misbehaviour::Redirect(url)));
    assert_eq!(run.step("assume-role-with-web-identity"), ("fail", "302 that redirects to 127.0.0.1"));
    assert!(elsewhere.exchanges().is_empty());
    assert_eq!(raised.sts.calls(Assume), 1);
}

#[test]
fn the_token_is_sent_unsigned_and_once() {
    let (run, raised) = inspect(|_| ());
    assert_eq!(run.verdict(), "healthy", "{}", run.report);
    let seen: Vec<_> = raised.sts.exchanges().iter().map(|one| (one.operation, one.signed, one.host.clone())).collect();
    let host = "sts.eu-west-1.amazonaws.com".to_owned();
    assert_eq!(seen, [(Assume, false, host.clone()), (Identity, true, host)]);
}
