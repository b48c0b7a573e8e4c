//! What it means that AWS knows the caller and refuses: credentials were found, but whose?

use super::super::Reading;
use super::super::clues::{Clues, VariableState};
use super::super::symptoms::Symptom;
use crate::causes::{
    CALLER_IS_NOT_EXPECTED_ROLE, Candidate, ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
    ENV_NOT_INJECTED_WEBHOOK_MISSING, NODE_ROLE_FALLBACK, ROLE_DOES_NOT_EXIST, ROLE_LACKS_PERMISSIONS,
    SDK_LACKS_WEB_IDENTITY, SECOND_HOP_ASSUME_ROLE_DENIED, STATIC_KEYS_OVERRIDE, TOKEN_FILE_PERMISSION_DENIED,
};

pub fn second_hop(symptom: Symptom, clues: &Clues) -> Reading {
    if clues.caller_is_node() {
        return denied(symptom, clues);
    }
    let caller = clues.caller.as_deref().map_or_else(|| "the caller".to_owned(), |caller| caller.to_owned());
    let own = match (clues.caller_session(), &clues.role) {
        (Some((name, _)), Some(role)) if role.name == name => ", which is the role it already has",
        _ => "",
    };
    let why = format!("{caller} has credentials and requests a second role with sts:AssumeRole{own}");
    Reading {
        symptom,
        candidates: vec![
            Candidate::new(&SECOND_HOP_ASSUME_ROLE_DENIED, why),
            Candidate::new(&ROLE_DOES_NOT_EXIST, "a second role that does not exist gives the same error"),
        ],
        umbrella: None,
    }
}

/// AWS knows the caller, so credentials were found: whose?
pub fn denied(symptom: Symptom, clues: &Clues) -> Reading {
    let caller = clues.caller.as_deref().unwrap_or("the caller");
    if caller.contains(":user/") || caller.starts_with("user/") {
        let why = format!("{caller} is an IAM user: static keys were used instead of the service account token");
        return Reading::decided(symptom, &STATIC_KEYS_OVERRIDE, why);
    }
    let injected = clues.role_variable == VariableState::Set && clues.file_variable != VariableState::Missing;
    if clues.caller_is_node() {
        return Reading { symptom, candidates: node(symptom, clues, caller, injected), umbrella: None };
    }
    let is_the_role =
        matches!((clues.caller_session(), &clues.role), (Some((name, _)), Some(role)) if role.name == name);
    if injected && !is_the_role && clues.caller.is_some() {
        let candidates = vec![no_web_identity(caller, injected), keys(), unreadable()];
        return Reading { symptom, candidates, umbrella: None };
    }
    let lacks = &ROLE_LACKS_PERMISSIONS;
    if is_the_role {
        let why = format!(
            "the call was made as {caller}, the pod's role: IRSA works, but the role does not allow this action"
        );
        return Reading::decided(symptom, lacks, why);
    }
    let why = format!(
        "the caller is {caller}: if that is the pod's role, IRSA works, but the role does not allow this action"
    );
    let other = Candidate::new(
        &CALLER_IS_NOT_EXPECTED_ROLE,
        "if it is not the pod's role, other credentials take precedence over web identity",
    );
    Reading { symptom, candidates: vec![Candidate::new(lacks, why), other], umbrella: None }
}

/// Why a call was made as the node.
fn node(symptom: Symptom, clues: &Clues, caller: &str, injected: bool) -> Vec<Candidate> {
    let node = Candidate::new(&NODE_ROLE_FALLBACK, format!("{caller} is the node role: web identity was not used"));
    let sdk = no_web_identity(caller, injected);
    let missing = Candidate::new(
        &ENV_NOT_INJECTED_WEBHOOK_MISSING,
        "without AWS_ROLE_ARN in the container, no SDK can use web identity",
    );
    let annotation = Candidate::new(
        &ENV_NOT_INJECTED_ANNOTATION_MISSING_OR_MISPLACED,
        "check the pod's own service account for the annotation eks.amazonaws.com/role-arn",
    );
    if injected && clues.static_keys {
        vec![keys(), sdk, node, unreadable()]
    } else if injected {
        vec![sdk, node, unreadable()]
    } else if clues.role_variable == VariableState::Missing {
        vec![missing, annotation, node]
    } else if symptom == Symptom::SecondHopDenied {
        // A program that takes further roles by itself starts from whatever identity it finds.
        vec![node, sdk, missing, annotation, unreadable()]
    } else {
        vec![sdk, node, missing, annotation, unreadable()]
    }
}

fn no_web_identity(caller: &str, injected: bool) -> Candidate {
    let why = match injected {
        true => format!(
            "the variables are set, but the call was made as {caller}: this SDK or its chain has no web identity"
        ),
        false => format!(
            "the call was made as {caller}: if the container has AWS_ROLE_ARN, the SDK or its chain has no web identity"
        ),
    };
    Candidate::new(&SDK_LACKS_WEB_IDENTITY, why)
}

fn keys() -> Candidate {
    Candidate::new(
        &STATIC_KEYS_OVERRIDE,
        "keys in the environment or a file take precedence over web identity in most SDKs",
    )
}

fn unreadable() -> Candidate {
    Candidate::new(&TOKEN_FILE_PERMISSION_DENIED, "some SDKs fall back to the node role if they cannot read the token")
}
