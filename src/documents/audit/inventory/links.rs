//! Which service account should have which role through IRSA.

use super::{Inventory, account_of_subject};
use crate::aws::arn::without_scheme;
use crate::aws::issuer::{STS_AUDIENCE, is_of_eks};
use crate::aws::webhook::{AUDIENCE_ANNOTATION, ROLE_ANNOTATION, TOKEN_VOLUME};
use crate::documents::audit::annotation::role_annotation;
use crate::documents::audit::own_token::{self, Audience, OwnToken};
use crate::documents::audit::profile::{self, Held, PodProfile};
use crate::documents::audit::service_account::is_annotated_before;
use crate::documents::{Event, Origin, Pod, Role};
use std::collections::HashSet;

/// A service account and the role that it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::documents::audit) struct Link<'a> {
    pub namespace: &'a str,
    pub account: &'a str,
    pub role_arn: &'a str,
    pub audience: &'a str,
}

impl<'a> Inventory<'a> {
    /// The links that IRSA is used for, and those that an association overrides: no pod, report or token shows the role.
    pub(super) fn split_links(&self) -> (Vec<Link<'a>>, Vec<Link<'a>>) {
        let has_role = |pod: &&'a Pod| {
            pod.containers().any(|one| one.variable("AWS_ROLE_ARN").is_some()) || profile::of(self, pod).is_some()
        };
        let name = |pod: &'a Pod| (pod.namespace(), pod.service_account());
        let users: HashSet<_> = self.documents.pods.iter().filter(has_role).map(name).collect();
        let is_shown = |link: &Link<'_>| {
            let mut reports = self.documents.reports.iter();
            self.context.role_arn == Some(link.role_arn)
                || reports.any(|one| one.identity.expected_role_arn.as_deref() == Some(link.role_arn))
        };
        let is_used = |link: &Link<'_>| users.contains(&(link.namespace, link.account)) || is_shown(link);
        let has_association = |link: &Link<'_>| self.association(link.namespace, link.account).is_some();
        self.found_links().into_iter().partition(|link| !has_association(link) || is_used(link))
    }

    /// A trust policy without its role belongs to the only role in question.
    pub(in crate::documents::audit) fn nameless_role(&self) -> Option<&'a Role> {
        let mut all = self.documents.roles.iter().filter(|role| role.arn.is_empty());
        let first = all.next()?;
        let associations = self.documents.associations.iter().flatten();
        let of_associations = associations.flat_map(|one| [&one.role_arn, &one.target_role_arn]).flatten();
        let mut arns = self.links.iter().map(|link| link.role_arn).chain(of_associations.map(String::as_str));
        let is_only_role = arns.next().is_none_or(|first| arns.all(|arn| arn == first));
        (all.next().is_none() && is_only_role).then_some(first)
    }

    /// What the webhook writes without an annotation. Outside EKS a flag of the webhook decides (kOps: `amazonaws.com`), which
    /// the tokens show that it mounted, and the provider of whoever installed it.
    fn default_audience(&self) -> &'a str {
        let Some((issuer, _)) = self.issuer().filter(|(issuer, _)| !is_of_eks(issuer)) else { return STS_AUDIENCE };
        let is_annotated = |pod: &Pod| {
            let account = self.account_of(pod);
            account.is_some_and(|account| account.metadata.annotations.get(AUDIENCE_ANNOTATION).is_some())
        };
        let pods = self.documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted && !is_annotated(pod));
        let mounted = pods.filter_map(|pod| pod.volume(TOKEN_VOLUME)?.token()?.audience.as_deref());
        let mut providers = self.documents.providers.iter();
        let of_issuer = providers.find(|one| without_scheme(&one.url) == without_scheme(issuer));
        let client = || match of_issuer.map(|provider| provider.client_ids.as_slice()) {
            Some([only]) => only,
            _ => STS_AUDIENCE,
        };
        mounted.into_iter().next().unwrap_or_else(client)
    }

    /// From annotations, variables of pods, reports, and this pod's token.
    fn found_links(&self) -> Vec<Link<'a>> {
        let (mut links, mut seen) = (Vec::new(), HashSet::new());
        let mut add = |namespace: &'a str, account: &'a str, role_arn: &'a str, audience: &'a str| {
            let link = Link { namespace, account, role_arn, audience };
            if !role_arn.is_empty() && seen.insert(link) {
                links.push(link);
            }
        };
        if let (Some(token), Some(role)) = (self.context.token, self.context.role_arn)
            && let Some((namespace, name)) = token.subject.as_deref().and_then(account_of_subject)
        {
            let audience = token.authorized_party.as_ref().or(token.audience.first());
            add(namespace, name, role, audience.map_or(STS_AUDIENCE, String::as_str));
        }
        let default = self.default_audience();
        for account in &self.documents.service_accounts {
            let annotation = |name: &str| account.metadata.annotations.get(name);
            let audience = annotation(AUDIENCE_ANNOTATION).unwrap_or(default);
            if let Some(role) = annotation(ROLE_ANNOTATION) {
                add(account.namespace(), &account.metadata.name, role, audience);
            }
        }
        for pod in &self.documents.pods {
            let mounted = pod.volume(TOKEN_VOLUME).and_then(|volume| volume.token()?.audience.as_deref());
            let audience = mounted.unwrap_or(STS_AUDIENCE);
            let of_account = self.account_of(pod).map(|account| account.metadata.annotations.get(AUDIENCE_ANNOTATION));
            // What the account asks for today is not what the pod got, if it was changed since.
            let is_other = of_account.is_none_or(|asked| asked.unwrap_or(default) != audience);
            // Beside variables, a warning says which SDKs use it.
            if let Some(profile @ PodProfile { held: Held::Role { identity, audience, .. }, .. }) =
                profile::of(self, pod)
                && profile.variables().is_none()
            {
                add(pod.namespace(), pod.service_account(), &identity.role_arn, audience);
            }
            match own_token::of(pod) {
                Some(OwnToken { role_arn: Some(role), audience: Audience::Named(audience), .. }) => {
                    add(pod.namespace(), pod.service_account(), role, audience);
                    continue;
                }
                // Nothing shows which token STS would get.
                Some(_) => continue,
                None => {}
            }
            // A role of its own differs from the annotation, too.
            let account = self.account_of(pod).filter(|account| is_annotated_before(account, pod));
            let annotated = account.and_then(|account| role_annotation(&account.metadata));
            let is_own = |role: &str| annotated.is_some_and(|annotated| annotated != role);
            let roles = pod.containers().filter_map(|container| container.value("AWS_ROLE_ARN"));
            for role in roles.filter(|role| is_other || is_own(role)) {
                add(pod.namespace(), pod.service_account(), role, audience);
            }
        }
        for report in &self.documents.reports {
            let subject = report.token.subject.as_deref().and_then(account_of_subject);
            let audience = report.token.audience.first().map_or(STS_AUDIENCE, String::as_str);
            if let (Some((namespace, name)), Some(role)) = (subject, &report.identity.expected_role_arn) {
                add(namespace, name, role, audience);
            }
        }
        let is_ours = |event: &&Event| event.name == "AssumeRoleWithWebIdentity" && !self.is_of_another_cluster(event);
        for event in self.documents.events.iter().filter(is_ours) {
            let subject = event.subject.as_deref().and_then(account_of_subject);
            if let (Some((namespace, name)), Some(role)) = (subject, &event.role_arn) {
                add(namespace, name, role, event.audience.as_deref().unwrap_or(STS_AUDIENCE));
            }
        }
        links
    }
}
