//! Documents that are not objects of Kubernetes: what aws prints, what an issuer publishes, and reports of this program.

use super::Reading;
use crate::documents::aws::{self, Association, Role};
use crate::documents::cloudtrail::{self, Event};
use crate::documents::collection::SCHEMA;
use crate::documents::expected;
use crate::documents::grant::Grant;
use crate::documents::policies::{PolicyName, ReadPolicy};
use crate::documents::simulation::Simulated;
use crate::documents::terraform::{self, Resource};
use crate::documents::trust_policy::PolicyFault;
use serde_json::Value;

impl Reading<'_> {
    pub(super) fn add_other(&mut self, mut value: Value) {
        if let Some(resources) = terraform::resources(&value) {
            return self.add_terraform(resources);
        }
        if let Some(records) = cloudtrail::records(&value) {
            if records.is_empty() {
                self.keep_one("empty list of CloudTrail events".to_owned(), |_| {});
            }
            self.documents.events_listed = true;
            return records.iter().for_each(|record| self.add_record(record));
        }
        let seen = |reading: &Self| reading.documents.recognised.len() + reading.faults;
        let before = seen(self);
        let keys: Vec<String> = value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        for expected in expected::of_values(&value) {
            self.keep_one(expected.object.clone(), |all| all.expected.push(expected));
        }
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let (role_name, policy_arn, policy_name) = (text("RoleName"), text("PolicyArn"), text("PolicyName"));
        let mut take = |key: &str| Some(value[key].take()).filter(|value| !value.is_null());
        if let Some(role) = take("Role") {
            self.add_role(&role);
        }
        if let Some(Value::Array(list)) = take("Roles") {
            list.iter().for_each(|role| self.add_role(role));
        }
        if let Some(list) = take("AttachedPolicies") {
            let arns = aws::texts(&list, "PolicyArn");
            self.keep_one("attached policies".into(), |all| {
                all.policies.entry(role_name.clone()).or_default().attached.get_or_insert_default().extend(arns);
            });
        }
        // Of a managed policy, and of an inline one.
        if let Some(policy) =
            take("PolicyVersion").map(|version| version["Document"].clone()).or_else(|| take("PolicyDocument"))
        {
            let name = match (policy_arn, role_name.clone().zip(policy_name)) {
                (Some(arn), _) => PolicyName::Managed(arn),
                (None, Some((role, name))) => PolicyName::Inline { role, name },
                (None, None) => PolicyName::Unknown,
            };
            let read = ReadPolicy { name, grant: Grant::read(&policy) };
            self.keep_one("policy".into(), |all| all.read_policies.push(read));
        }
        if let Some(policy) = take("Policy")
            && let (Some(arn), Some(version)) = (policy["Arn"].as_str(), policy["DefaultVersionId"].as_str())
        {
            let version = (arn.to_owned(), version.to_owned());
            self.keep_one("managed policy".into(), |all| all.policy_versions.extend([version]));
        }
        if let Some(list) = take("nodegroups") {
            self.keep("node groups", list, |all, names: Vec<String>| {
                all.node_group_names.get_or_insert_default().extend(names);
            });
        }
        if let Some(group) = take("nodegroup") {
            self.keep("node group", group, |all, group| all.node_groups.push(group));
        }
        if let Some(list) = take("PolicyNames") {
            self.keep("inline policies", list, |all, names: Vec<String>| {
                all.policies.entry(role_name).or_default().inline.get_or_insert_default().extend(names);
            });
        }
        if let Some(list) = take("OpenIDConnectProviderList") {
            let arns = aws::texts(&list, "Arn");
            self.keep_one("list of providers".into(), |all| all.provider_arns.get_or_insert_default().extend(arns));
        }
        if let Some(cluster) = take("cluster") {
            self.keep("cluster", cluster, |all, cluster| all.clusters.push(cluster));
        }
        if let Some(list) = take("associations") {
            let cluster = take("listedCluster").and_then(|name| name.as_str().map(str::to_owned));
            self.keep("Pod Identity associations", list, |all, list: Vec<Association>| {
                all.associations.get_or_insert_default().extend(list);
                all.associations_listed = true;
                all.associations_of = all.associations_of.take().or(cluster);
            });
        }
        if let Some(one) = take("association") {
            self.keep("Pod Identity association", one, |all, one| {
                all.associations.get_or_insert_default().push(one);
            });
        }
        if let Some(addon) = take("addon") {
            self.keep("add-on", addon, |all, addon| all.addons.push(addon));
        }
        if let Some(list) = take("EvaluationResults") {
            let role_arn = take("PolicySourceArn").and_then(|arn| arn.as_str().map(str::to_owned));
            self.keep("simulated policy", list, |all, list: Vec<Simulated>| {
                all.simulated.extend(list.into_iter().map(|one| one.of_role(role_arn.clone())));
            });
        }
        let has = |key: &str| !value[key].is_null();
        if has("AssumeRolePolicyDocument") || has("Statement") {
            self.add_role(&value);
        }
        if has("ClientIDList") && has("Url") {
            self.keep("provider", value.clone(), |all, provider| all.providers.push(provider));
        }
        if has("UserId") && has("Arn") {
            let arn = value["Arn"].as_str().unwrap_or_default().to_owned();
            self.keep_one(format!("caller {arn}"), |all| all.callers.push(arn));
        }
        if has("issuer") && has("jwks_uri") {
            self.keep("discovery document", value.clone(), |all, discovery| all.discoveries.push(discovery));
        }
        if has("keys") {
            self.keep("key set", value.clone(), |all, jwks| all.jwks.push(jwks));
        }
        if value["schema"] == SCHEMA {
            self.keep("question of doctor", value.clone(), |all, asked| all.asked = Some(asked));
        }
        if value["schema"] == crate::render::json::SCHEMA {
            self.keep("report", value, |all, report| all.reports.push(report));
        }
        if seen(self) == before {
            self.documents.note_unread(looks_like(&keys));
        }
    }

    fn add_terraform(&mut self, resources: Vec<Resource>) {
        if resources.is_empty() {
            self.documents.note_unread("Terraform resources without a role, provider or service account".to_owned());
        }
        for Resource { address, document } in resources {
            match document {
                Some(document) => self.add(document, 1),
                None => self.documents.note_unread(format!("{address} of Terraform, known only after apply")),
            }
        }
    }

    fn add_record(&mut self, record: &Value) {
        let name = record["eventName"].as_str().unwrap_or_default();
        match Event::read(record) {
            Some(event) => self.keep_one(format!("CloudTrail event {name}"), |all| all.events.push(event)),
            None => self.documents.note_unread(format!("CloudTrail event {name}")),
        }
    }

    /// A role, or a trust policy alone.
    pub(super) fn add_role(&mut self, role: &Value) {
        match Role::read(role) {
            Ok(role) => {
                let what = if role.arn.is_empty() { "trust policy".to_owned() } else { format!("role {}", role.arn) };
                self.keep_one(what, |all| all.roles.push(role));
            }
            Err(PolicyFault::NoPolicy) => {
                self.cannot_use(|source| format!("{source} contains a document of an unknown kind"));
            }
            Err(fault) => self.cannot_use(|source| format!("{source}: the trust policy {fault}")),
        }
    }
}

/// The name of a document that is not known: by its keys, since its values may be secret.
fn looks_like(keys: &[String]) -> String {
    let shown: Vec<String> = keys.iter().take(3).map(|key| key.chars().take(40).collect()).collect();
    match shown.len() {
        0 => "empty document".to_owned(),
        _ if keys.len() > 3 => format!("document with {}, ...", shown.join(", ")),
        _ => format!("document with {}", shown.join(", ")),
    }
}
