//! What a token needs of a trust policy, and what a given policy makes of a token: `irsa-probe/trust-policy/v1` and text.

use super::text::wrap;
use crate::documents::trust_policy::{Answer, Effect, Judged, Judgement, Mismatch, Needed, Request, Verdict};
use crate::text::printable::printable;
use serde::Serialize;
use serde_json::Value;

pub const SCHEMA: &str = "irsa-probe/trust-policy/v1";
const INDENT: &str = "              ";

/// What a token needs, for people. The role may have further statements, so its policy is read before anything replaces it.
pub fn needed_text(request: &Request, needed: &Needed) -> String {
    let who = format!("The trust policy that {} needs for {}:", request.role, printable(&request.subject));
    let update = "Compare it with the policy that the role has. The second command prints an update that keeps the other \
                  statements:";
    let provider = format!("Create the OIDC provider only if account {} does not list it:", request.role.account);
    let mut text = format!("{}\n\n{}\n", wrap(&who, "", ""), needed.policy());
    for (heading, commands) in [(update, needed.check_commands()), (&provider, needed.provider_commands())] {
        text += &format!("\n{}\n\n", wrap(heading, "", ""));
        commands.iter().for_each(|command| text += &format!("  {command}\n"));
    }
    text
}

/// A policy judged, for people.
pub fn answer_text(answer: &Answer) -> String {
    let request = &answer.request;
    let mut lines = vec![wrap(&headline(answer), "", "  "), String::new()];
    lines.push(value("role", &request.role.to_string()));
    lines.push(value("token", &format!("iss  {}", request.issuer)));
    lines.push(value("", &format!("sub  {}", request.subject)));
    lines.push(value("", &format!("aud  {}", request.seen_audience().join(", "))));
    for (index, judged) in answer.decision.statements.iter().enumerate() {
        lines.push(String::new());
        let said = answer.decision.mistake.as_ref().is_some_and(|mistake| Some(mistake) == judged.mistake.as_ref());
        lines.extend(statement(index + 1, judged, said));
    }
    if let Some(fix) = &answer.fix {
        lines.push(String::new());
        lines.push(value("fix", fix));
    }
    if let Some(command) = &answer.command {
        // Commands must paste: they are never wrapped.
        lines.push(String::new());
        lines.push(command.clone());
    }
    if answer.decision.is_allowed() {
        lines.push(String::new());
        lines.push(value(
            "if AWS still refuses",
            "the role does not exist or has another policy by now, or a service or resource control policy denies the call",
        ));
    }
    lines.push(format!("\nexit {}\n", answer.exit_code()));
    lines.join("\n")
}

fn headline(answer: &Answer) -> String {
    let decision = &answer.decision;
    match (&decision.verdict, &decision.mistake) {
        (Verdict::Allowed, _) => {
            let place = decision.allowed_by().map(|place| format!("statement {place} ")).unwrap_or_default();
            format!("ok ALLOWED  {place}lets {} in", printable(&answer.request.subject))
        }
        (Verdict::Denied, Some(mistake)) => format!("x DENIED  {}: {}", mistake.code, printable(&mistake.text)),
        (Verdict::Denied, None) => "x DENIED".to_owned(),
        (Verdict::Unknown(why), _) => format!("? UNKNOWN  {}", printable(&why.join("; "))),
    }
}

/// `said`: the headline tells this statement's mistake.
fn statement(number: usize, judged: &Judged, said: bool) -> Vec<String> {
    let sid = judged.sid.as_ref().filter(|sid| !sid.is_empty()).map(|sid| format!(" ({sid})")).unwrap_or_default();
    let effect = effect(judged.effect);
    let head = |verdict: &str| wrap(&printable(&format!("statement {number}, {effect}{sid}: {verdict}")), "  ", "    ");
    let parts = match &judged.judgement {
        Judgement::Applies => return vec![head("applies")],
        Judgement::Unknown(why) => return vec![head(&format!("cannot be known: {}", why.join("; ")))],
        Judgement::Differs(parts) => parts,
    };
    let mut lines = vec![head("does not apply")];
    // What a statement for other callers says of its conditions is of no use here.
    let for_others = matches!(parts.first(), Some(Mismatch::Principal { .. }));
    for part in parts.iter().take(if for_others { 1 } else { parts.len() }) {
        lines.push(value("differs", &part.to_string()));
        if judged.effect == Effect::Allow {
            lines.push(value("needs", part.needs().unwrap_or("no such condition")));
        }
    }
    if let Some(mistake) = judged.mistake.as_ref().filter(|_| !said) {
        lines.push(value("mistake", &mistake.text));
    }
    lines
}

fn value(label: &str, value: &str) -> String {
    let first = if label.len() > 12 { format!("  {label}: ") } else { format!("  {label:<12}") };
    wrap(&printable(value), &first, INDENT)
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    role_arn: String,
    provider_arn: String,
    issuer: &'a str,
    subject: &'a str,
    audience: Vec<String>,
    /// The policy that is needed.
    policy: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
}

#[derive(Serialize)]
struct CheckV1<'a> {
    verdict: &'static str,
    code: Option<&'static str>,
    cause: Option<&'a str>,
    unknown: &'a [String],
    statements: Vec<StatementV1<'a>>,
    fix: Option<&'a str>,
}

#[derive(Serialize)]
struct StatementV1<'a> {
    sid: Option<&'a str>,
    effect: &'static str,
    applies: &'static str,
    unknown: &'a [String],
    differs: Vec<DifferenceV1<'a>>,
    code: Option<&'static str>,
    mistake: Option<&'a str>,
}

#[derive(Serialize)]
struct DifferenceV1<'a> {
    what: String,
    needs: Option<&'a str>,
}

/// What a token needs, for programs.
pub fn needed_json(request: &Request, needed: &Needed) -> String {
    let commands = needed.check_commands().into_iter().chain(needed.provider_commands()).collect();
    line(&document(request, needed, None, commands, 0))
}

/// A policy judged, for programs.
pub fn answer_json(answer: &Answer) -> String {
    let decision = &answer.decision;
    let (verdict, unknown) = match &decision.verdict {
        Verdict::Allowed => ("allowed", &[] as &[String]),
        Verdict::Denied => ("denied", &[] as &[String]),
        Verdict::Unknown(why) => ("unknown", why.as_slice()),
    };
    let check = CheckV1 {
        verdict,
        code: decision.mistake.as_ref().map(|mistake| mistake.code),
        cause: decision.mistake.as_ref().map(|mistake| mistake.text.as_str()),
        unknown,
        statements: decision.statements.iter().map(statement_v1).collect(),
        fix: answer.fix.as_deref(),
    };
    let commands = answer.command.iter().cloned().collect();
    let needed = Needed::from(&answer.request);
    line(&document(&answer.request, &needed, Some(check), commands, answer.exit_code()))
}

fn document<'a>(
    request: &'a Request,
    needed: &Needed,
    check: Option<CheckV1<'a>>,
    commands: Vec<String>,
    exit_code: u8,
) -> Document<'a> {
    Document {
        schema: SCHEMA,
        role_arn: request.role.to_string(),
        provider_arn: request.provider_arn(),
        issuer: &request.issuer,
        subject: &request.subject,
        audience: request.seen_audience(),
        policy: needed.value(),
        check,
        commands,
        exit_code,
    }
}

fn statement_v1(judged: &Judged) -> StatementV1<'_> {
    let (applies, unknown, parts): (_, &[String], &[Mismatch]) = match &judged.judgement {
        Judgement::Applies => ("yes", &[], &[]),
        Judgement::Unknown(why) => ("unknown", why, &[]),
        Judgement::Differs(parts) => ("no", &[], parts),
    };
    let differs = parts.iter().map(|part| DifferenceV1 { what: part.to_string(), needs: part.needs() });
    StatementV1 {
        sid: judged.sid.as_deref(),
        effect: effect(judged.effect),
        applies,
        unknown,
        differs: differs.collect(),
        code: judged.mistake.as_ref().map(|mistake| mistake.code),
        mistake: judged.mistake.as_ref().map(|mistake| mistake.text.as_str()),
    }
}

fn line(document: &Document<'_>) -> String {
    let mut line = serde_json::to_string(document).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::arn::RoleArn;
    use crate::documents::trust_policy::{Policy, json};

    fn answer(policy: &str) -> Answer {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
        let request =
            Request::new(role, "https://k/id/A", "system:serviceaccount:payments:checkout", ["sts.amazonaws.com"]);
        let bare = json(policy).expect("JSON");
        Answer::new(request, &Policy::from_value(&bare).expect("a policy"), &bare)
    }

    const ALLOW: &str = r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/k/id/A"},
        "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"k/id/A:sub":"system:serviceaccount:shop:*"}}}"#;

    #[test]
    fn a_denial_tells_the_mistake_the_difference_and_the_fix() {
        let ec2 =
            r#"{"Sid":"node","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        let text = answer_text(&answer(&format!(r#"{{"Statement":[{ec2},{ALLOW}]}}"#)));
        let expected = r#"x DENIED  wrong-subject-in-trust-policy: the policy names the namespace "shop",
  the pod is in "payments"

  role        arn:aws:iam::111122223333:role/checkout
  token       iss  https://k/id/A
              sub  system:serviceaccount:payments:checkout
              aud  sts.amazonaws.com

  statement 1, Allow (node): does not apply
  differs     Principal is Service "ec2.amazonaws.com"
  needs       "Principal": {"Federated":
              "arn:aws:iam::111122223333:oidc-provider/k/id/A"}
  mistake     the statement trusts ec2.amazonaws.com, not an OIDC provider

  statement 2, Allow: does not apply
  differs     StringEquals wants k/id/A:sub to be
              "system:serviceaccount:shop:*"; the token has
              "system:serviceaccount:payments:checkout"
  needs       "StringLike": {"k/id/A:sub": "system:serviceaccount:payments:*"}

  fix         Correct statement 2: set "k/id/A:sub" to
              "system:serviceaccount:payments:*" under StringLike. The command
              keeps the others.

aws iam update-assume-role-policy --role-name checkout --policy-document '{
"#;
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("}'\n\nexit 1\n"), "{text}");
    }

    #[test]
    fn an_empty_sid_is_none() {
        for (sid, head) in [("", "statement 1, Allow: "), ("apps", "statement 1, Allow (apps): ")] {
            let statement = ALLOW.replacen('{', &format!(r#"{{"Sid":"{sid}","#), 1);
            let text = answer_text(&answer(&format!(r#"{{"Statement":[{statement}]}}"#)));
            assert!(text.contains(head), "{text}");
        }
    }

    #[test]
    fn each_verdict_has_its_word_and_exit_code() {
        let allow = ALLOW.replace(":shop:", ":payments:").replace("StringEquals", "StringLike");
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"*"}"#;
        let vpc = allow.replace("StringLike\":{", "StringLike\":{\"aws:SourceVpc\":\"v\",");
        for (statements, word, exit_code, commands) in [
            (allow.clone(), "ok ALLOWED  statement 1 lets", 0, 0),
            (format!("{allow},{deny}"), "x DENIED  explicit-deny-in-trust-policy", 1, 0),
            (ALLOW.to_owned(), "x DENIED  wrong-subject", 1, 1),
            (vpc, "? UNKNOWN  only AWS knows the value of aws:sourcevpc", 3, 0),
        ] {
            let answer = answer(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#));
            assert!(answer_text(&answer).starts_with(word), "{}", answer_text(&answer));
            let json: Value = serde_json::from_str(&answer_json(&answer)).expect("JSON");
            assert_eq!((json["exit_code"].as_u64(), json["schema"].as_str()), (Some(exit_code), Some(SCHEMA)));
            assert_eq!(json["commands"].as_array().map(Vec::len), Some(commands));
        }
    }

    #[test]
    fn what_is_needed_is_compared_before_anything_is_replaced() {
        let request = answer(r#"{"Statement":[]}"#).request;
        let text = needed_text(&request, &Needed::from(&request));
        for piece in [
            "The trust policy that arn:aws:iam::111122223333:role/checkout needs for\nsystem:serviceaccount:",
            "\n\n{\n  \"Version\"",
            "\n}\n\nCompare",
            "\n  aws iam get-role --role-name checkout --output json > role.json\n  irsa-probe trust-policy --check role.json\n",
            "\n  aws iam create-open-id-connect-provider --url https://k/id/A --client-id-list sts.amazonaws.com --output json\n",
        ] {
            assert!(text.contains(piece), "{text}");
        }
    }
}
