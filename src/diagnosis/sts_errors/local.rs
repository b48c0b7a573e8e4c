//! What texts mean that come from before the call: admission, the token's file, configuration, the end of a chain.

use super::Reading;
use super::clues::{Clues, VariableState};
use super::symptoms::Symptom;
use crate::causes::{
    Candidate, ENV_NOT_INJECTED, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED, ENV_NOT_INJECTED_BY_OPT_OUT,
    ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION, ENV_NOT_INJECTED_WEBHOOK_MISSING, ENV_PARTIALLY_SET,
    ENV_STRIPPED_FROM_PROCESS, REGION_MISSING, SDK_LACKS_WEB_IDENTITY, STS_ENDPOINT_MISCONFIGURED,
    TOKEN_FILE_MALFORMED, TOKEN_FILE_MISSING, TOKEN_FILE_PERMISSION_DENIED, TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS,
};

pub fn interpret(symptom: Symptom, clues: &Clues) -> Reading {
    use Symptom::*;
    let decided = |cause, why: &str| Reading::decided(symptom, cause, why);
    match symptom {
        WebhookFailed => decided(
            &ENV_NOT_INJECTED_WEBHOOK_MISSING,
            "the API server could not call the pod identity webhook, failed open, and admitted pods without variables",
        ),
        TokenPathEmpty => half_configured(symptom, clues, "the token path is empty"),
        TokenPathNotAbsolute => decided(
            &TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS,
            "a path without a drive letter is not absolute on Windows; the webhook sets one unless the pod selects \
             Windows nodes",
        ),
        TokenDenied => {
            decided(&TOKEN_FILE_PERMISSION_DENIED, "the operating system does not let this process read the token file")
        }
        TokenIsDirectory => decided(
            &TOKEN_FILE_MISSING,
            "the token path is a directory, which Docker creates for a bind mount of a missing file",
        ),
        TokenMissing if clues.windows => decided(
            &TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS,
            "the path has no drive letter, so Windows looks for it on the current drive",
        ),
        TokenMissing => decided(&TOKEN_FILE_MISSING, "the token path does not exist"),
        TokenUnreadable => Reading {
            symptom,
            candidates: vec![
                Candidate::new(
                    &TOKEN_FILE_PERMISSION_DENIED,
                    "usually a non-root process that the file mode denies access",
                ),
                Candidate::new(&TOKEN_FILE_MISSING, "the token path does not exist"),
                Candidate::new(&TOKEN_FILE_MALFORMED, "the token file is empty"),
            ],
            umbrella: None,
        },
        HalfConfigured => half_configured(symptom, clues, "the token path is set but the role ARN is not"),
        NoStsModule => decided(&SDK_LACKS_WEB_IDENTITY, "the program lacks the SDK module that calls STS"),
        NoRegion => decided(&REGION_MISSING, "no region is set, so the SDK cannot determine the STS endpoint"),
        PlainHttp => {
            decided(&STS_ENDPOINT_MISCONFIGURED, "STS is called over http: TLS is disabled for all calls of the SDK")
        }
        _ => no_credentials(symptom, clues),
    }
}

fn half_configured(symptom: Symptom, clues: &Clues, why: &str) -> Reading {
    match (clues.role_variable, clues.file_variable) {
        (VariableState::Missing, VariableState::Missing) => no_credentials(symptom, clues),
        _ => Reading::decided(symptom, &ENV_PARTIALLY_SET, why),
    }
}

/// No source of credentials gave any: the chain did not even try web identity, or could not.
fn no_credentials(symptom: Symptom, clues: &Clues) -> Reading {
    let sdk = &SDK_LACKS_WEB_IDENTITY;
    match (clues.role_variable, clues.file_variable) {
        (VariableState::Set, VariableState::Set) => {
            let why = "both variables are set, but no credentials were found: this SDK or its chain has no web \
                       identity";
            Reading::decided(symptom, sdk, why)
        }
        (VariableState::Set, VariableState::Missing | VariableState::Empty)
        | (VariableState::Missing | VariableState::Empty, VariableState::Set)
        | (VariableState::Empty, VariableState::Empty) => {
            Reading::decided(symptom, &ENV_PARTIALLY_SET, "only one of the two variables has a value")
        }
        _ => Reading::open(
            symptom,
            &ENV_NOT_INJECTED,
            vec![
                Candidate::new(
                    &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
                    "check the pod's service account for the annotation eks.amazonaws.com/role-arn",
                ),
                Candidate::new(
                    &ENV_NOT_INJECTED_POD_PREDATES_ANNOTATION,
                    "an annotation does not change a pod that already exists",
                ),
                Candidate::new(
                    &ENV_NOT_INJECTED_WEBHOOK_MISSING,
                    "without the pod identity webhook, no pod gets the variables",
                ),
                Candidate::new(
                    sdk,
                    "if the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, the SDK is too old or uses \
                     its own chain",
                ),
                Candidate::new(
                    &ENV_STRIPPED_FROM_PROCESS,
                    "if the container has them but the process does not, a supervisor removed them",
                ),
                Candidate::new(
                    &ENV_NOT_INJECTED_BY_OPT_OUT,
                    "if only other containers of the pod have them, the annotation skip-containers names this one",
                ),
            ],
        ),
    }
}
