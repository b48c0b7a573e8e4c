//! The decision about both actions that EKS Pod Identity needs.

use super::call::{ASSUME_ROLE, Caller, PodIdentityCall};
use crate::aws::pod_identity::SERVICE;
use crate::causes::{
    Cause, POD_IDENTITY_CONDITION_MISMATCH, PODS_EKS_TRUST_MISSING, TAG_SESSION_MISSING, TARGET_ROLE_NOT_ASSUMABLE,
};
use crate::documents::trust_policy::condition::Condition;
use crate::documents::trust_policy::evaluate::{Judgement, Verdict, actions_match, verdict};
use crate::documents::trust_policy::fault::Fault;
use crate::documents::trust_policy::mismatch::{Mismatch, actions_text, principals_text};
use crate::documents::trust_policy::policy::{Effect, Policy, Principals, Statement};
use crate::documents::trust_policy::request::{Keys, Lookup};
use crate::documents::trust_policy::truth::Truth;
use crate::documents::trust_policy::version::Version;

/// What IAM decides about the call under a trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodIdentityDecision {
    pub verdict: Verdict,
    /// In the policy's order.
    pub statements: Vec<Grants>,
    /// Why an action is denied. `None` unless the verdict is `Denied`.
    pub fault: Option<Fault>,
}

/// One statement, judged for each action that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    pub sid: Option<String>,
    pub effect: Effect,
    pub by_action: Vec<(&'static str, Judgement)>,
}

impl Grants {
    /// How the first action that the statement does not apply to was judged.
    pub fn other(&self) -> Option<&Judgement> {
        self.by_action.iter().map(|(_, judgement)| judgement).find(|judgement| **judgement != Judgement::Applies)
    }

    /// The actions that the statement applies to.
    pub fn applies_to(&self) -> Vec<&'static str> {
        let applies = |(action, judgement): &(&'static str, Judgement)| {
            matches!(judgement, Judgement::Applies).then_some(*action)
        };
        self.by_action.iter().filter_map(applies).collect()
    }
}

/// Judges `policy` alone, as [`super::super::evaluate`] does for IRSA.
pub(super) fn evaluate(policy: &Policy, call: &PodIdentityCall) -> PodIdentityDecision {
    let grants = |statement: &Statement| Grants {
        sid: statement.sid.clone(),
        effect: statement.effect,
        by_action: call
            .actions()
            .iter()
            .map(|action| (*action, judge(statement, policy.version, call, action)))
            .collect(),
    };
    let statements: Vec<Grants> = policy.statements.iter().map(grants).collect();
    let of = |index: usize| statements.iter().map(move |one| (one.effect, &one.by_action[index].1));
    let verdicts: Vec<Verdict> = (0..call.actions().len()).map(|index| verdict(of(index))).collect();
    let denied = verdicts.iter().position(|verdict| *verdict == Verdict::Denied);
    let fault = denied.map(|index| fault(policy, call, call.actions()[index], &of(index).collect::<Vec<_>>()));
    let verdict = match denied {
        Some(_) => Verdict::Denied,
        None => verdicts.into_iter().find(|verdict| *verdict != Verdict::Allowed).unwrap_or(Verdict::Allowed),
    };
    PodIdentityDecision { verdict, statements, fault }
}

fn judge(statement: &Statement, version: Version, call: &PodIdentityCall, action: &str) -> Judgement {
    let (mut unknown, mut differs) = (Vec::new(), Vec::new());
    let mut weigh = |truth: Truth, mismatch: &dyn Fn() -> Mismatch| match truth {
        Truth::Yes => {}
        Truth::No => differs.push(mismatch()),
        Truth::Unknown(why) => unknown.push(why),
    };
    weigh(is_principal(&statement.principals, call), &|| Mismatch::Principal {
        has: principals_text(&statement.principals),
        needs: match call.caller {
            Caller::Eks => format!("\"Principal\": {{\"Service\": \"{SERVICE}\"}}"),
            Caller::Role { .. } => format!("\"Principal\": {{\"AWS\": \"{}\"}}", call.principal()),
        },
    });
    weigh(Truth::of(actions_match(&statement.actions, action)), &|| Mismatch::Action {
        has: actions_text(&statement.actions),
        needs: format!("\"Action\": [\"{}\"]", call.actions().join("\", \"")),
    });
    for condition in &statement.conditions {
        weigh(condition.holds(version, call), &|| of_condition(condition, call));
    }
    match (differs.is_empty(), unknown.is_empty()) {
        (false, _) => Judgement::Differs(differs),
        (true, false) => Judgement::Unknown(unknown),
        (true, true) => Judgement::Applies,
    }
}

fn is_principal(principals: &Principals, call: &PodIdentityCall) -> Truth {
    match principals {
        Principals::Only(set) => call.is_in(set),
        Principals::AllBut(set) => match call.is_in(set) {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            unknown => unknown,
        },
    }
}

fn of_condition(condition: &Condition, call: &PodIdentityCall) -> Mismatch {
    let request = match call.lookup(&condition.key) {
        Lookup::Values(values) => values,
        Lookup::Absent | Lookup::Unknown(_) => Vec::new(),
    };
    let needs = match request.as_slice() {
        [one] if !condition.operator.negated => Some(format!("\"{}\": \"{one}\"", condition.key)),
        _ => None,
    };
    Mismatch::Condition {
        operator: condition.operator.name.clone(),
        key: condition.key.clone(),
        has: condition.values.clone(),
        request,
        needs,
    }
}

/// Why nothing allows `action`.
fn fault(policy: &Policy, call: &PodIdentityCall, action: &str, judged: &[(Effect, &Judgement)]) -> Fault {
    if judged.iter().any(|(effect, judgement)| *effect == Effect::Deny && **judgement == Judgement::Applies) {
        return Fault::explicit_deny();
    }
    let of_caller = judged.iter().filter_map(|(effect, judgement)| match judgement {
        Judgement::Differs(parts) if *effect == Effect::Allow && !matches!(parts[0], Mismatch::Principal { .. }) => {
            Some(parts)
        }
        _ => None,
    });
    let who = call.principal();
    let is_action = |part: &Mismatch| matches!(part, Mismatch::Action { .. });
    let (cause, text) = match of_caller.min_by_key(|parts| (parts.iter().any(is_action), parts.len())) {
        None => (&PODS_EKS_TRUST_MISSING, format!("no statement allows {who}{}", trusted(policy))),
        Some(parts) if parts.iter().any(is_action) => {
            let cause = if action == ASSUME_ROLE { &PODS_EKS_TRUST_MISSING } else { &TAG_SESSION_MISSING };
            (cause, format!("the statement for {who} does not allow {action}"))
        }
        Some(parts) => {
            let tags = if call.has_tags { "" } else { " (disableSessionTags is set, so there are no session tags)" };
            (&POD_IDENTITY_CONDITION_MISMATCH, format!("{}{tags}", parts[0]))
        }
    };
    Fault::new(of_hop(call, cause), text)
}

/// The faults of a target role's policy are one cause.
fn of_hop(call: &PodIdentityCall, cause: &'static Cause) -> &'static Cause {
    match call.caller {
        Caller::Eks => cause,
        Caller::Role { .. } => &TARGET_ROLE_NOT_ASSUMABLE,
    }
}

/// Whom the policy trusts instead, in a clause.
fn trusted(policy: &Policy) -> String {
    let allowed = policy.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    let sets = allowed.filter_map(|statement| match &statement.principals {
        Principals::Only(set) => Some(set),
        Principals::AllBut(_) => None,
    });
    let names = sets.flat_map(|set| set.federated.iter().chain(set.others.iter().flat_map(|(_, names)| names)));
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.dedup();
    match names.as_slice() {
        [] => String::new(),
        [name] if name.contains(":oidc-provider/") => "; the policy is that of IRSA".to_owned(),
        names => format!("; the policy trusts {}", names.join(", ")),
    }
}
