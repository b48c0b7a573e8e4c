//! What texts mean that come from before the call: admission, the token's file, configuration, the end of a chain.

use super::clues::{Clues, Told};
use super::symptoms::Symptom;
use super::{Reading, Suspect};

pub fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    use Symptom::*;
    let decided = |code, why: &str| Reading::decided(symptom, code, why);
    match symptom {
        WebhookFailed => decided(
            "env-not-injected-webhook-missing",
            "the API server could not call the pod identity webhook and, failing open, admitted pods without variables",
        ),
        TokenPathEmpty => half_configured(symptom, clues, "the token's path is empty"),
        TokenPathNotAbsolute => decided(
            "token-path-not-absolute-on-windows",
            "a path without drive letter is not absolute on Windows; the webhook sets such a one unless the pod selects Windows nodes",
        ),
        TokenDenied => decided(
            "token-file-permission-denied",
            "the operating system does not let this process read the token's file",
        ),
        TokenIsDirectory => decided(
            "token-file-missing",
            "the token's path is a directory, as Docker makes one for a bind mount of a file that is not there",
        ),
        TokenMissing if clues.windows => decided(
            "token-path-not-absolute-on-windows",
            "the path has no drive letter, so Windows looks for it on the current drive",
        ),
        TokenMissing => decided("token-file-missing", "there is no file at the token's path"),
        TokenUnreadable => Reading {
            symptom,
            suspects: vec![
                Suspect::new(
                    "token-file-permission-denied",
                    "most often a process without root that the file's mode keeps out",
                ),
                Suspect::new("token-file-missing", "or there is no file at the token's path"),
                Suspect::new("token-file-malformed", "or it is empty"),
            ],
            umbrella: None,
        },
        HalfConfigured => half_configured(symptom, clues, "the token's path is set and the role's ARN is not"),
        NoStsModule => {
            decided("sdk-lacks-web-identity", "the program does not hold the part of its SDK that calls STS")
        }
        NoRegion => decided("region-missing", "no region is set, so the SDK cannot tell which STS to call"),
        PlainHttp => decided(
            "sts-endpoint-misconfigured",
            "STS is called over http, where TLS is switched off for all of the SDK's calls",
        ),
        _ => no_credentials(symptom, clues),
    }
}

fn half_configured(symptom: Symptom, clues: &Clues, why: &str) -> Reading {
    match (clues.role_variable, clues.file_variable) {
        (Told::Missing, Told::Missing) => no_credentials(symptom, clues),
        _ => Reading::decided(symptom, "env-partially-set", why),
    }
}

/// No source of credentials gave any: the chain did not even try web identity, or could not.
fn no_credentials(symptom: Symptom, clues: &Clues) -> Reading {
    let sdk = "sdk-lacks-web-identity";
    match (clues.role_variable, clues.file_variable) {
        (Told::Set, Told::Set) => {
            let why = "both variables are set, and still no credentials were found: this SDK or its chain has no web identity";
            Reading::decided(symptom, sdk, why)
        }
        (Told::Set, Told::Missing | Told::Empty)
        | (Told::Missing | Told::Empty, Told::Set)
        | (Told::Empty, Told::Empty) => {
            Reading::decided(symptom, "env-partially-set", "only one of the two variables has a value")
        }
        _ => Reading::open(
            symptom,
            "env-not-injected",
            vec![
                Suspect::new(
                    "env-not-injected-annotation-missing-or-misplaced",
                    "no chain reaches its end in a pod whose service account is annotated: look for eks.amazonaws.com/role-arn",
                ),
                Suspect::new(
                    "env-not-injected-pod-predates-annotation",
                    "annotating does nothing to a pod that is there already",
                ),
                Suspect::new(
                    "env-not-injected-webhook-missing",
                    "without the pod identity webhook no pod gets the variables",
                ),
                Suspect::new(
                    sdk,
                    "if the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, the SDK is too old or its chain its own",
                ),
                Suspect::new(
                    "env-stripped-from-process",
                    "if the container has them and the process has not, a supervisor took them away",
                ),
                Suspect::new(
                    "env-not-injected-by-opt-out",
                    "if only other containers of the pod have them, its annotation skip-containers names this one",
                ),
            ],
        ),
    }
}
