//! Events of AWS CloudTrail, reduced to the calls by which a pod gets its role.
//!
//! Source: "CloudTrail userIdentity element" and "CloudTrail record contents" of the CloudTrail user guide, "Logging IAM
//! and AWS STS API calls" of the IAM user guide. The tags of a session are a list of keys and values, as in the API reference of AssumeRole and
//! in events of EKS Pod Identity that its workshop shows.

use serde_json::Value;
use std::borrow::Cow;

/// Assumes the role of an association for EKS.
const POD_IDENTITY: &str = "pods.eks.amazonaws.com";

/// A call of AssumeRoleWithWebIdentity, AssumeRoleForPodIdentity, or AssumeRole by EKS Pod Identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    pub time: String,
    pub role_arn: Option<String>,
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: Option<String>,
    /// With the scheme, which is not in the event: IAM accepts no other.
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub cluster: Option<String>,
    /// Who called: the node role, if it is the agent.
    pub caller: Option<String>,
    /// Code and message, if AWS refused the call. CloudTrail often has other words than the caller got.
    pub error: Option<(String, String)>,
}

/// The events in the output of `aws cloudtrail lookup-events`, in a log file of S3, or one event as the console shows it.
/// `None` if the document is something else.
pub(super) fn records(document: &Value) -> Option<Vec<Cow<'_, Value>>> {
    let list = |key: &str| document[key].as_array();
    let is_event = |one: &Value| one["eventVersion"].is_string() && one["eventName"].is_string();
    if let Some(events) = list("Events") {
        let texts = events.iter().map(|one| one["CloudTrailEvent"].as_str());
        return texts.map(|text| serde_json::from_str(text?).ok().map(Cow::Owned)).collect();
    }
    match list("Records") {
        Some(records) => records.iter().all(is_event).then(|| records.iter().map(Cow::Borrowed).collect()),
        None => is_event(document).then(|| vec![Cow::Borrowed(document)]),
    }
}

impl Event {
    /// `None` if it is another call.
    pub(super) fn read(record: &Value) -> Option<Event> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (identity, request) = (&record["userIdentity"], &record["requestParameters"]);
        let name = text(&record["eventName"])?;
        let is_ours = match name.as_str() {
            "AssumeRole" => identity["invokedBy"] == POD_IDENTITY,
            name => ["AssumeRoleWithWebIdentity", "AssumeRoleForPodIdentity"].contains(&name),
        };
        let provider =
            text(&identity["identityProvider"]).map(|provider| match provider.split_once(":oidc-provider/") {
                Some((_, issuer)) => issuer.to_owned(),
                None => provider.trim_start_matches("https://").to_owned(),
            });
        let subject = text(&identity["userName"]).or_else(|| tagged(&request["tags"]));
        // ARN OF THE PROVIDER:AUDIENCE:SUBJECT
        let audience = text(&identity["principalId"]).and_then(|id| {
            let before = id.strip_suffix(subject.as_deref()?)?.strip_suffix(':')?;
            Some(before.split_once(provider.as_deref()?)?.1.strip_prefix(':')?.to_owned())
        });
        is_ours.then(|| Event {
            time: text(&record["eventTime"]).unwrap_or_default(),
            role_arn: text(&request["roleArn"]),
            subject,
            issuer: provider.map(|provider| format!("https://{provider}")),
            audience,
            cluster: text(&request["clusterName"])
                .or_else(|| tag(&request["tags"], "eks-cluster-name").map(str::to_owned)),
            caller: text(&identity["arn"]),
            error: text(&record["errorCode"]).map(|code| (code, text(&record["errorMessage"]).unwrap_or_default())),
            name,
        })
    }
}

/// The service account in the tags that EKS Pod Identity gives a session.
fn tagged(tags: &Value) -> Option<String> {
    let (namespace, account) = (tag(tags, "kubernetes-namespace")?, tag(tags, "kubernetes-service-account")?);
    Some(format!("system:serviceaccount:{namespace}:{account}"))
}

fn tag<'v>(tags: &'v Value, key: &str) -> Option<&'v str> {
    tags.as_array()?.iter().find(|tag| tag["key"] == key)?["value"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A";

    #[test]
    fn the_audience_is_between_provider_and_subject() {
        let sub = "system:serviceaccount:payments:checkout";
        for (provider, audience) in
            [(format!("arn:aws:iam::1:oidc-provider/{ISSUER}"), "sts.amazonaws.com"), (ISSUER.into(), "a:b")]
        {
            let record = json!({"eventVersion": "1.08", "eventName": "AssumeRoleWithWebIdentity", "userIdentity": {
                "type": "WebIdentityUser", "principalId": format!("{provider}:{audience}:{sub}"), "userName": sub,
                "identityProvider": provider}, "requestParameters": {"roleArn": "arn"}});
            let event = Event::read(&record).expect("an event");
            assert_eq!(event.issuer.as_deref(), Some("https://oidc.eks.eu-west-1.amazonaws.com/id/A"));
            assert_eq!((event.subject.as_deref(), event.audience.as_deref()), (Some(sub), Some(audience)));
            assert_eq!(records(&record).map(|all| all.len()), Some(1));
            assert_eq!(records(&json!({"Records": [record, record]})).map(|all| all.len()), Some(2));
            let looked_up = json!({"Events": [{"EventName": "x", "CloudTrailEvent": record.to_string()}]});
            assert_eq!(records(&looked_up).map(|all| all[0].clone().into_owned()), Some(record));
        }
        assert_eq!(records(&json!({"Records": [{"s3": {}}]})), None);
        assert_eq!(Event::read(&json!({"eventName": "AssumeRole", "userIdentity": {"type": "IAMUser"}})), None);
    }
}
