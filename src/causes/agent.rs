//! What the agent of EKS Pod Identity answered, for the causes that its answers prove.

use super::Outcome;
use crate::probe::evidence::{AgentFault, AgentReason, Dial, Evidence, HttpFault, Seen, TcpFault};

/// Shows the agent's pods with their nodes. The add-on's manifest sets the label.
pub(crate) const SHOW_AGENT_PODS: &str = "kubectl get pods -n kube-system -l app.kubernetes.io/name=eks-pod-identity-agent -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName,PHASE:.status.phase";

/// How texts name the agent.
pub(crate) const AGENT: &[&str] = &[
    "169.254.170.23",
    "fd00:ec2::23",
    "pod identity agent",
    "pod-identity-agent",
    "eks-pod-identity-agent",
    "container metadata",
];

/// How texts name EKS, which the agent asks.
pub(crate) const EKS_AUTH: &[&str] = &["eks auth", "eks-auth", "assumeroleforpodidentity"];

/// Why a cause that only the agent's answer proves is not at hand; `None` if the answer means `reason`.
pub(crate) fn is_not(reason: AgentReason, evidence: &Evidence) -> Option<Outcome> {
    match &evidence.agent {
        Seen::NotChecked(why) => Some(Outcome::skip(why.clone())),
        Seen::Seen(()) => Some(Outcome::Pass),
        Seen::Failed(AgentFault::Refused(error)) if error.reason() == reason => None,
        Seen::Failed(AgentFault::Refused(_)) => Some(Outcome::skip("the agent refused for another reason")),
        Seen::Failed(AgentFault::NotTheAgent { .. }) => Some(Outcome::skip("something other than the agent answered")),
        Seen::Failed(AgentFault::NoAnswer(_)) => Some(Outcome::skip("the agent did not answer")),
    }
}

/// How the agent's address is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nothing listens, or what listens hangs up.
    Closed,
    /// No answer within the time, or a rule on the path rejects the packets.
    TimedOut,
    /// What answers does not speak HTTP.
    NotHttp,
}

impl Silence {
    fn of(dial: &Dial) -> Silence {
        match (&dial.tcp, &dial.http) {
            (Some(Err(faults)), _) => match faults.first().map(|fault| fault.fault) {
                Some(TcpFault::Refused | TcpFault::Reset | TcpFault::NoRoute) => Self::Closed,
                Some(TcpFault::TimedOut { .. } | TcpFault::Rejected | TcpFault::Os(_)) | None => Self::TimedOut,
            },
            (_, Some(HttpFault::Closed)) => Self::Closed,
            (_, Some(HttpFault::Malformed(_))) => Self::NotHttp,
            (_, Some(HttpFault::TimedOut { .. }) | None) => Self::TimedOut,
        }
    }
}

/// The same as [`is_not`] for a cause that the lack of an answer proves.
pub(crate) fn is_not_silent(silence: Silence, evidence: &Evidence) -> Option<Outcome> {
    match &evidence.agent {
        Seen::NotChecked(why) => Some(Outcome::skip(why.clone())),
        Seen::Failed(AgentFault::NoAnswer(dial)) if Silence::of(dial) == silence => None,
        Seen::Failed(AgentFault::NoAnswer(_)) => Some(Outcome::skip("the agent does not answer for another reason")),
        Seen::Seen(()) | Seen::Failed(_) => Some(Outcome::Pass),
    }
}

/// The answer as a sentence, with the agent's words.
pub(crate) fn in_words(evidence: &Evidence) -> String {
    match evidence.agent.failed() {
        None => String::new(),
        Some(AgentFault::Refused(error)) => {
            let code = error.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
            format!("The agent answered {}{code}, {:?}.", error.status, error.message)
        }
        Some(AgentFault::NotTheAgent { status, kind }) => {
            format!("The agent's address answered with status {status} {kind}.")
        }
        Some(AgentFault::NoAnswer(dial)) => match dial.fault() {
            Some(fault) => format!("The agent did not answer: {fault}."),
            None => "The agent did not answer.".to_owned(),
        },
    }
}
