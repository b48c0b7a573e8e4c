//! Whether a reason for not judging something is true, by what else the report and the pod say.

use serde_json::Value;
use std::collections::BTreeMap;

/// A report and the pod that it is about.
pub struct Seen<'r> {
    pub report: &'r Value,
    pub variables: &'r BTreeMap<String, String>,
    pub arguments: &'r [String],
}

/// Every reason of the report that is false, or that nothing here can verify.
pub fn untrue(seen: &Seen<'_>) -> Vec<String> {
    let checks = seen.list("checks").iter().map(|check| (&check["code"], &check["status"], &check["reason"]));
    let steps = seen.list("steps").iter().map(|step| (&step["name"], &step["status"], &step["detail"]));
    let not_judged = checks.chain(steps).filter(|(_, status, _)| *status == "skip");
    not_judged
        .filter_map(|(name, _, reason)| {
            let reason = reason.as_str().unwrap_or_default();
            match seen.agrees(reason) {
                Some(true) => None,
                Some(false) => Some(format!("{name} is not judged because {reason:?}, which is false")),
                None => Some(format!("{name} is not judged because {reason:?}, which this test does not know")),
            }
        })
        .collect()
}

impl Seen<'_> {
    fn agrees(&self, reason: &str) -> Option<bool> {
        const ASSUME: &str = "assume-role-with-web-identity";
        let assumed = self.step(ASSUME);
        let answers = ["get-caller-identity", ASSUME].map(|name| self.step(name));
        let failed = answers.iter().flatten().find(|(status, _)| *status == "fail").map(|(_, detail)| *detail);
        // "403 AccessDenied": a status and a code, and no more words but the number of attempts.
        let is_refusal = |detail: &str| {
            let words: Vec<&str> = detail.split(',').next().unwrap_or_default().split(' ').collect();
            matches!(words[..], [status, _] if status.parse::<u16>().is_ok())
        };
        let is_silence = |detail: &str| detail.starts_with("no answer");
        let token = &self.report["token"];
        let (has_path, is_read, is_token) = (!token["path"].is_null(), !token["mode"].is_null(), self.is_token());
        let asked = assumed.is_some_and(|(status, _)| status != "skip");
        let is_pod_identity = self.report["identity"]["mechanism"] == "pod-identity";
        let is_profile = self.report["identity"]["mechanism"] == "irsa-profile";
        let agent = self.step("pod-identity-agent");
        let agent_failed = agent.filter(|(status, _)| *status == "fail").map(|(_, detail)| detail);
        let is_expired = || self.time("expires_at") <= self.report["time"].as_str();
        Some(match reason {
            // Who is inspected.
            "the probe checks its own process" => self.report["target"].is_null(),
            "nothing indicates that this is a debug container" => self.report["target"].is_null(),
            "no service account was stated (--expect-service-account)" => !self.has_option("--expect-service-account"),
            // What was left out.
            "instance metadata was not asked for" => self.variables.contains_key("IRSA_PROBE_NO_IMDS"),
            "STS was not asked (--no-sts)" => self.has_option("--no-sts") && !asked,
            "this container is not configured for IRSA or EKS Pod Identity, which --if-configured allows" => {
                self.has_option("--if-configured") && !asked && !self.has_option("--expect-service-account")
            }
            // Variables and the token file.
            "neither variable is set" => {
                ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].iter().all(|name| !self.variables.contains_key(*name))
            }
            "the pod has its role by a profile, not by variables" => is_profile,
            "an AWS configuration file cannot be read" => self.finds("profile-file-permission-denied"),
            "a variable names a profile that does not exist" => self.finds("profile-not-found"),
            "STS decides about the audience of a profile's token" => is_profile && is_token,
            "the pod has its role without a profile" => !is_profile,
            "no profile names a role and a web identity token file" => is_profile && self.finds("profile-incomplete"),
            "there is no identity to override" => self.report["identity"]["mechanism"].is_null(),
            "the two IRSA variables do not both have a value" => {
                ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].iter().any(|name| self.value(name).is_empty())
            }
            "the token file could not be read" => has_path && !is_read,
            "the file holds no token" => is_read && !is_token,
            "there is something at the token file's path" => has_path && !self.finds("token-file-missing"),
            "reading the token file did not fail for lack of permission" => {
                has_path && !is_read && !self.finds("token-file-permission-denied")
            }
            "the token has neither nbf nor iat" => is_token && token["issued_at"].is_null(),
            "the token has no exp" => is_token && token["expires_at"].is_null(),
            "the token does not state its lifetime" => {
                is_token && (token["issued_at"].is_null() || token["expires_at"].is_null())
            }
            "the token has expired" => {
                is_token && (is_expired() || self.finds("request-clock-skew") || self.finds("token-expired"))
            }
            "the token is not meant for STS" | "the token is not for STS" => self.finds("token-audience-for-other-use"),
            "no kubelet refreshes this token: it is not a service account token" => {
                is_token && token["service_account"].is_null()
            }
            "the local clock is behind, so the kubelet cannot know that the token has expired" => {
                self.finds("request-clock-skew") && !is_expired()
            }
            // What STS answered.
            "STS was not asked, so nothing told the time" => !asked,
            "there is no endpoint that the token may be sent to" | "there is no endpoint" => !asked && is_token,
            "the endpoint is in another partition" => self.finds("wrong-partition-endpoint"),
            "the endpoint does not exist" => self.finds("china-partition-endpoint"),
            "no credentials" => assumed.is_some_and(|(status, _)| status == "fail"),
            "STS did not answer" | "STS did not answer, so nothing told the time" => failed.is_some_and(is_silence),
            "STS refused for another reason" => failed.is_some_and(is_refusal),
            "a server other than STS answered" | "the answer is not from STS" => {
                failed.is_some_and(|detail| !is_refusal(detail) && !is_silence(detail))
            }
            "STS did not return the caller's identity" => failed.is_some(),
            "no connection to STS was made" => !asked || failed.is_some_and(is_silence),
            "STS issued no session" => assumed.is_none_or(|(status, _)| status != "pass"),
            "another fault prevented the call to STS" => {
                let settings = ["china-partition-endpoint", "sts-endpoint-misconfigured"];
                let named = self.finds_one_of_the_network() || settings.iter().any(|code| self.finds(code));
                failed.is_some_and(is_silence) && named
            }
            // EKS Pod Identity.
            "there is no valid role ARN to compare the caller with" => {
                self.report["identity"]["expected_role_arn"].is_null()
            }
            "the pod does not use EKS Pod Identity" => !is_pod_identity,
            "the pod uses EKS Pod Identity, not IRSA" | "EKS itself verifies the tokens of Pod Identity" => {
                is_pod_identity
            }
            "the agent of EKS Pod Identity was not asked" => agent.is_none(),
            "the agent gave no credentials" => agent.is_some_and(|(status, _)| status != "pass"),
            "the agent refused for another reason" => agent_failed.is_some_and(|detail| detail.starts_with(['4', '5'])),
            "something other than the agent answered" => agent_failed.is_some() && self.finds("agent-address-taken"),
            "the agent did not answer" | "the agent does not answer for another reason" => {
                agent_failed.is_some_and(|detail| !detail.starts_with(['2', '3', '4', '5']))
            }
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is not the URL of the agent" => {
                self.finds("container-uri-not-the-agent")
            }
            "the token file holds characters that no header can carry" => self.finds("token-file-malformed"),
            "the token is for something else" => self.finds("pod-identity-wrong-audience"),
            // The issuer.
            "STS accepted the token, so it has the issuer's keys" => {
                assumed.is_some_and(|(status, _)| status == "pass") && self.step("issuer").is_none()
            }
            "STS refused the call for a reason that is not the issuer's keys" => {
                let detail = assumed.filter(|(status, _)| *status == "fail").map(|(_, detail)| detail);
                detail.is_some_and(|detail| is_refusal(detail) && !detail.contains("InvalidIdentityToken"))
            }
            "STS did not judge the token" => !asked || failed.is_some_and(|detail| !is_refusal(detail)),
            "the token names no issuer" => is_token && token["issuer"].is_null(),
            "the issuer does not publish the token's key" => self.finds("jwks-key-mismatch"),
            _ => return self.agrees_with_value(reason),
        })
    }

    /// Reasons that hold a name or a value.
    fn agrees_with_value(&self, reason: &str) -> Option<bool> {
        if let Some(name) = reason.strip_suffix(" is not set") {
            return Some(!self.variables.contains_key(name));
        }
        if let Some((name, flaw)) = reason.split_once(" is ").filter(|(name, _)| name.starts_with("AWS_")) {
            let value = self.variables.get(name);
            return match flaw {
                "set but empty" => Some(value.is_some_and(String::is_empty)),
                "set to white space only" => Some(value.is_some_and(|value| value.trim().is_empty())),
                _ => None,
            };
        }
        if reason.starts_with("AWS_ROLE_ARN ") {
            return Some(self.finds("malformed-arn"));
        }
        if reason.starts_with("role_arn of profile ") {
            let is_profile = self.report["identity"]["mechanism"] == "irsa-profile";
            return Some(is_profile && self.finds("malformed-arn"));
        }
        if let Some(rest) = reason.strip_prefix("access to ") {
            return Some(rest.contains(" is denied") && self.finds("token-file-permission-denied"));
        }
        if reason.starts_with("the issuer's keys could not be fetched: ") {
            return Some(self.step("issuer").is_some_and(|(status, _)| status == "fail"));
        }
        None
    }

    fn list(&self, name: &str) -> &[Value] {
        self.report[name].as_array().map_or(&[], Vec::as_slice)
    }

    fn step(&self, name: &str) -> Option<(&str, &str)> {
        let step = self.list("steps").iter().find(|step| step["name"] == name)?;
        Some((step["status"].as_str()?, step["detail"].as_str()?))
    }

    fn finds(&self, code: &str) -> bool {
        self.list("findings").iter().any(|finding| finding["code"] == code)
    }

    fn finds_one_of_the_network(&self) -> bool {
        let of_the_network =
            ["sts-", "tls-", "dns-failure", "china-partition-endpoint", "proxy-", "request-clock-skew"];
        let codes = self.list("findings").iter().filter_map(|finding| finding["code"].as_str());
        codes.into_iter().any(|code| of_the_network.iter().any(|start| code.starts_with(start)))
    }

    fn has_option(&self, option: &str) -> bool {
        self.arguments.iter().any(|argument| argument == option)
    }

    fn value(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", |value| value.trim())
    }

    fn is_token(&self) -> bool {
        ["issuer", "subject", "key_id"].iter().any(|claim| !self.report["token"][claim].is_null())
    }

    fn time(&self, name: &str) -> Option<&str> {
        self.report["token"][name].as_str()
    }
}
