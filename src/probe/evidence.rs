//! What one run saw: plain data without secrets, which the checks judge.

mod agent;
mod configured;
mod dns;
pub(crate) mod environment;
mod flaw;
mod issuer;
mod mechanism;
mod mounts;
mod network;
mod pod;
mod process;
mod sdks;
mod sources;
mod sts;
mod target;
mod tls;
mod token;

pub use agent::{AgentError, AgentFault, AgentReason};
pub use dns::{DnsFault, Lookup, NameServer, Resolver, ServerFault};
pub use environment::{Environment, VARIABLES, Variable};
pub use flaw::Flaw;
pub use issuer::{Issuer, IssuerFault, IssuerFaultKind, Signature};
pub use mechanism::{Mechanism, POD_IDENTITY_VARIABLES};
pub use mounts::{Mount, Mounts, Volume};
pub use network::{AddressFault, Dial, HttpFault, Layer, ProxyFault, Step, StepStatus, TcpFault};
pub use pod::{Container, PodContext, name_or};
pub use process::{Identity, PathStep, PathStepKind};
pub use sdks::{Sdk, SdkKind, SdkScan};
pub use sources::{
    ActiveCredentials, BotoFault, BotoFaultKind, ClosedProfileFile, Imds, Profile, ProfileFlaw, Source, WebIdentity,
};
pub use sts::{
    CallFault, Caller, Clock, ClockSource, Endpoint, EndpointFault, EndpointSource, NoAnswer, Operation, Session,
    StsError, UnexpectedKind, UnexpectedResponse,
};
pub use target::{AccessBarrier, Image, OtherProcess, Target, TargetVariables};
pub use tls::{OF_THE_PROBE, SYSTEM, TlsFault, TlsSession, is_of_amazon};
pub use token::{Kubernetes, Malformed, Padding, Token, TokenFile, TokenFileFault, TokenFileFaultKind};

use crate::text::timestamp::Timestamp;

/// One thing that a run may see. "Not checked" is its own case, so that nothing unseen is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T, E> {
    /// Why it was not checked.
    NotChecked(String),
    Seen(T),
    Failed(E),
}

impl<T, E> Seen<T, E> {
    pub fn not_checked(why: impl Into<String>) -> Self {
        Self::NotChecked(why.into())
    }

    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            _ => None,
        }
    }

    pub fn failed(&self) -> Option<&E> {
        match self {
            Self::Failed(fault) => Some(fault),
            _ => None,
        }
    }
}

impl<T, E> From<Result<T, E>> for Seen<T, E> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Seen(value),
            Err(fault) => Self::Failed(fault),
        }
    }
}

/// Everything one run saw.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The local clock when the run began.
    pub now: Timestamp,
    /// What the user says should be so; see [`Expectations`].
    pub expected: Expectations,
    /// Ids and capabilities of the process whose identity is judged.
    pub identity: Identity,
    pub environment: Environment,
    /// The mechanism that the verdict is about: the one that the user demands, else the one that an SDK uses here.
    pub mechanism: Option<Mechanism>,
    /// Of this mechanism.
    pub token_file: Seen<TokenFile, TokenFileFault>,
    pub token: Seen<Token, Malformed>,
    pub endpoint: Seen<Endpoint, EndpointFault>,
    /// The first connection towards STS that failed, else the first that was made, layer by layer.
    pub dial: Seen<Dial, Dial>,
    /// Where STS could not be reached: the way that another configuration would take, tried as far as TCP. That is the
    /// regional name in place of the global one, or the straight way in place of the proxy.
    pub alternate_route: Seen<Dial, Dial>,
    /// Where STS was reached: the connections that other SDKs make here in place of that one, tried as far as TCP, or
    /// as far as the proxy's answer.
    pub other_connections: Vec<Dial>,
    /// With EKS Pod Identity: whether the agent gave credentials. They are the session.
    pub agent: Seen<(), AgentFault>,
    pub session: Seen<Session, CallFault>,
    pub caller: Seen<Caller, CallFault>,
    pub clock: Seen<Clock, String>,
    /// Inspected only where variables or token file are not as the webhook leaves them.
    pub mounts: Seen<Mounts, String>,
    /// The claims of the token for the cluster's own API, which name namespace and service account where IRSA's token
    /// is missing. That token is never sent anywhere.
    pub api_token: Seen<Token, String>,
    /// Inspected only where variables or token file are not as the webhook leaves them, or for a target.
    pub pod_context: PodContext,
    /// The issuer's published keys; asked for where STS did not take the token, or on demand.
    pub issuer: Seen<Issuer, IssuerFault>,
    /// The profile that an SDK selects; failed if the files cannot be parsed, not checked if there are none to read.
    pub profile: Seen<Profile, String>,
    /// Whose credentials an SDK here really uses; asked only where more than web identity is configured.
    /// The profile files that may not be read.
    pub closed_profiles: Vec<ClosedProfileFile>,
    /// What boto3 and the AWS CLI refuse or misread in the profile files.
    pub boto_faults: Vec<BotoFault>,
    pub active_credentials: Seen<ActiveCredentials, String>,
    pub imds: Seen<Imds, String>,
    /// The process in whose place the run was made, if it is not the probe's own.
    pub target: Option<Target>,
    /// What was done towards the network, in order, with durations.
    pub steps: Vec<Step>,
}

impl Evidence {
    /// Namespace and name of this pod's service account, from whichever token names them.
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.tokens().find_map(|token| {
            let Kubernetes { namespace, service_account, .. } = &token.kubernetes;
            let by_claim = namespace.as_deref().zip(service_account.as_deref());
            let by_subject = || token.subject.as_deref()?.strip_prefix("system:serviceaccount:")?.split_once(':');
            by_claim.or_else(by_subject)
        })
    }

    /// The name of this pod.
    pub fn pod(&self) -> Option<&str> {
        let claimed = self.tokens().find_map(|token| token.kubernetes.pod.as_deref());
        claimed.or(self.pod_context.pod.as_deref())
    }

    /// This pod as kubectl takes it, `checkout-5d9 -n payments`, with a placeholder for what is not known.
    pub fn kubectl_pod(&self) -> String {
        let pod = name_or(self.pod(), "POD");
        format!("{pod} -n {}", self.kubectl_namespace())
    }

    /// This pod's namespace as kubectl takes it, or a placeholder.
    pub fn kubectl_namespace(&self) -> &str {
        let namespace = self.service_account().map(|(namespace, _)| namespace);
        name_or(namespace.or(self.pod_context.namespace.as_deref()), "NAMESPACE")
    }

    /// That for the cluster's API first: it is this pod's own, whatever the configured token file holds.
    fn tokens(&self) -> impl Iterator<Item = &Token> {
        [self.api_token.seen(), self.token.seen()].into_iter().flatten()
    }

    /// Why the lack of a variable proves nothing: nobody could see whether it is set.
    pub fn unseen_variables(&self) -> Option<&'static str> {
        match &self.target {
            None => self.debug_container().map(|_| "an ephemeral container gets no variables, whatever its pod has"),
            Some(target) => {
                let is_unseen = matches!(target.variables, TargetVariables::Unseen(_));
                is_unseen.then_some("the application's environment was not seen")
            }
        }
    }

    /// Why there is no value of a variable to work with, in a clause.
    pub fn why_no_value(&self, name: &str) -> String {
        match &self.target {
            Some(target) if matches!(target.variables, TargetVariables::Unseen(_)) => {
                "the application's environment was not seen".to_owned()
            }
            _ => self.environment.why_no_value(name),
        }
    }

    /// The name of the container that is judged.
    pub fn container(&self) -> Option<&str> {
        let place = || self.pod_context.container.as_ref().map(|container| container.name.as_str());
        self.expected.as_container.as_deref().or_else(place)
    }

    /// The container that the probe runs in, if it is an ephemeral one or has nothing that an ephemeral one lacks.
    pub fn debug_container(&self) -> Option<&Container> {
        let container = self.pod_context.container.as_ref()?;
        let stands_for_another = self.expected.in_pod_spec || self.expected.as_container.is_some();
        let is_out_of_the_question = self.target.is_some() || stands_for_another || container.has_limits;
        let has_nothing = !container.has_volumes && !self.environment.has_any_of_aws();
        (!is_out_of_the_question && (has_nothing || container.is_named_by_kubectl_debug())).then_some(container)
    }

    /// Why there is no token to judge.
    pub fn why_no_token(&self) -> &str {
        match &self.token {
            Seen::NotChecked(why) => why,
            Seen::Seen(_) | Seen::Failed(_) => "the file holds no token",
        }
    }

    /// The time by STS's clock if a response had it, else by the local clock.
    pub fn time_at_sts(&self) -> Timestamp {
        self.now.plus(self.clock.seen().map_or(0, |clock| clock.ahead_seconds))
    }

    /// The call that got no answer.
    pub fn unanswered(&self) -> Option<&NoAnswer> {
        let faults = [self.session.failed(), self.caller.failed()];
        faults.into_iter().flatten().find_map(|fault| match fault {
            CallFault::NoAnswer(no_answer) => Some(no_answer),
            CallFault::Refused(_) | CallFault::NotSts(_) => None,
        })
    }

    /// Whether the pod has its role by EKS Pod Identity; without any mechanism, IRSA is missing.
    pub fn has_pod_identity(&self) -> bool {
        self.mechanism == Some(Mechanism::PodIdentity)
    }

    /// What the agent's error answer means.
    pub fn agent_reason(&self) -> Option<AgentReason> {
        match self.agent.failed()? {
            AgentFault::Refused(error) => Some(error.reason()),
            AgentFault::NotTheAgent { .. } | AgentFault::NoAnswer(_) => None,
        }
    }

    /// Why a fault of IRSA alone is not judged.
    pub fn why_not_irsa(&self) -> Option<&'static str> {
        self.has_pod_identity().then_some("the pod uses EKS Pod Identity, not IRSA")
    }

    /// Why a fault of EKS Pod Identity alone is not judged.
    pub fn why_not_pod_identity(&self) -> Option<&'static str> {
        (!self.has_pod_identity()).then_some("the pod does not use EKS Pod Identity")
    }

    /// The error that STS answered with.
    pub fn sts_error(&self) -> Option<&StsError> {
        match (self.session.failed(), self.caller.failed()) {
            (Some(CallFault::Refused(refusal)), _) | (_, Some(CallFault::Refused(refusal))) => Some(refusal),
            _ => None,
        }
    }
}

/// What the user stated by options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// `--identity`.
    pub mechanism: Option<Mechanism>,
    /// `--role-arn` or `--token-file` stand for the variables of IRSA, so that no profile is judged in their place.
    pub by_options: bool,
    /// `--expect-service-account NAMESPACE/NAME`.
    pub service_account: Option<(String, String)>,
    /// `--if-configured`: see [`crate::causes::webhook::is_absent_as_allowed`].
    pub if_configured: bool,
    /// `--no-sts`: nothing may be asked over the network.
    pub no_sts: bool,
    /// `wait` and `serve`: the probe runs in a container of the pod's specification, not in an ephemeral one.
    pub in_pod_spec: bool,
    /// `--as-container`: the pod's specification gives this container what the probe's container has.
    pub as_container: Option<String>,
}
