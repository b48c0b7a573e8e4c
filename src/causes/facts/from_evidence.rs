//! What the evidence of a pod says of its identity.

use super::{Facts, HostFrom, IssuerKeys, VariableState};
use crate::aws::arn::RoleArn;
use crate::aws::vpc::is_private;
use crate::causes::request_clock_skew::hides_expiry;
use crate::causes::token_not_yet_valid;
use crate::probe::evidence::{EndpointSource, Evidence, Issuer, Seen, Signature, Variable, WebIdentity};

impl Facts {
    pub fn of(evidence: &Evidence) -> Facts {
        let environment = &evidence.environment;
        let state = |name| match environment.variable(name) {
            Variable::Missing => VariableState::Missing,
            variable if variable.is_filled() => VariableState::Set,
            Variable::Set { .. } => VariableState::Empty,
        };
        let token = evidence.token.seen();
        let endpoint = evidence.endpoint.seen();
        let imds = evidence.imds.seen();
        let mounts = evidence.mounts.seen();
        let dial = evidence.dial.seen().or(evidence.dial.failed());
        let tcp = dial.and_then(|dial| dial.tcp.as_ref());
        let role = evidence.role_arn().or(environment.value("AWS_IAM_ROLE_ARN"));
        let owned = |(namespace, name): (&str, &str)| (namespace.to_owned(), name.to_owned());
        Facts {
            role: role.and_then(|text| RoleArn::parse(text).ok()),
            role_variable: state("AWS_ROLE_ARN"),
            file_variable: state("AWS_WEB_IDENTITY_TOKEN_FILE"),
            issuer: token.and_then(|token| token.issuer.clone()),
            subject: token.and_then(|token| token.subject.clone()),
            // STS compares azp, if there is one, instead of aud.
            audience: token.map(|token| match &token.authorized_party {
                Some(party) => vec![party.clone()],
                None => token.audience.clone(),
            }),
            has_authorized_party: token.is_some_and(|token| token.authorized_party.is_some()),
            pod_account: evidence.service_account().map(owned),
            expected_service_account: evidence.expected.service_account.clone(),
            pod: evidence.pod().map(str::to_owned),
            namespace: evidence.pod_context.namespace.clone(),
            cluster: None,
            cluster_region: None,
            association: None,
            container: evidence.container().map(str::to_owned),
            is_target: evidence.target.is_some(),
            token_volume: mounts.map(|mounts| mounts.irsa.is_some()),
            pod_identity_volume: mounts.map(|mounts| mounts.pod_identity.is_some()),
            uid: Some(evidence.identity.uid),
            gid: Some(evidence.identity.gid),
            token_path: evidence.token_path().map(str::to_owned),
            profile: evidence.web_identity().map(WebIdentity::place),
            padding: token.and_then(|token| token.padding),
            file_is_expired: token.is_some_and(|token| token.is_over(evidence.time_at_sts())),
            early: token_not_yet_valid::seconds_too_early(evidence),
            host: endpoint.map(|endpoint| endpoint.host.clone()),
            url: endpoint.map(|endpoint| endpoint.url.clone()),
            region: endpoint.map(|endpoint| endpoint.region.clone()),
            regional_is_private: match &evidence.alternate_route {
                Seen::Seen(dial) | Seen::Failed(dial)
                    if endpoint.is_some_and(|endpoint| endpoint.host != dial.host) =>
                {
                    Some(dial.dns.iter().flatten().flatten().copied().any(is_private))
                }
                _ => None,
            },
            address: tcp.and_then(|tcp| match tcp {
                Ok(peer) => Some(peer.ip()),
                Err(faults) => faults.first().map(|fault| fault.address.ip()),
            }),
            host_from: match endpoint.map(|endpoint| &endpoint.source) {
                None => HostFrom::Unknown,
                Some(EndpointSource::Override(variable)) => HostFrom::Override(variable),
                Some(EndpointSource::Region(_) | EndpointSource::Issuer | EndpointSource::Fallback) => HostFrom::Region,
            },
            proxy: endpoint.map(|endpoint| endpoint.proxy.is_some()),
            via: dial.and_then(|dial| dial.via.clone()),
            static_keys: environment.variable("AWS_ACCESS_KEY_ID").is_set(),
            mechanism: evidence.mechanism,
            windows: false,
            node_account: imds.and_then(|imds| imds.account.clone()),
            instance: imds.and_then(|imds| imds.instance.clone()),
            thumbprint: evidence.issuer.seen().and_then(|issuer| issuer.thumbprint.clone()),
            issuer_keys: match &evidence.issuer {
                Seen::NotChecked(_) => IssuerKeys::Unknown,
                Seen::Failed(fault) => IssuerKeys::Unreachable(fault.to_string()),
                Seen::Seen(issuer) => keys_of(issuer),
            },
            caller: evidence.caller.seen().map(|caller| caller.arn.clone()),
            clock_ahead: evidence.clock.seen().map(|clock| clock.ahead_seconds),
            clock_hides_expiry: hides_expiry(evidence),
        }
    }
}

fn keys_of(issuer: &Issuer) -> IssuerKeys {
    match &issuer.signature {
        Signature::Valid => IssuerKeys::Verified { is_private: issuer.is_private() },
        Signature::KeyNotPublished | Signature::Invalid => IssuerKeys::Wrong,
        Signature::NotVerified(why) => IssuerKeys::Unverified(why.clone()),
    }
}
