//! The trust policy that a token needs, and the decision of a given policy, for people.

use crate::documents::trust_policy::{Answer, Effect, Given, Judged, Judgement, Mismatch, Needed, Request, Verdict};
use crate::render::text::wrap;
use crate::text::printable::printable;

const INDENT: &str = "              ";

/// The policy that a token needs, for people. The role may have other statements: the commands check its policy before
/// they replace it.
pub(crate) fn needed_text(request: &Request, needed: &Needed, given: &Given) -> String {
    let who = format!("The trust policy that {} needs for {}:", request.role, printable(&request.subject));
    let update = "Check the role's current policy. The last command prints an update that keeps the other statements:";
    let provider = format!("Create the OIDC provider only if account {} does not list it:", request.role.account);
    let mut text = format!("{}\n\n{}\n", wrap(&who, "", ""), needed.policy());
    for (heading, commands) in [(update, needed.check_commands(given)), (&provider, needed.provider_commands())] {
        text += &format!("\n{}\n\n", wrap(heading, "", ""));
        commands.iter().for_each(|command| text += &format!("  {command}\n"));
    }
    text
}

/// A decision, for people.
pub(crate) fn answer_text(answer: &Answer) -> String {
    let request = &answer.request;
    let mut lines = vec![wrap(&headline(answer), "", "  "), String::new()];
    lines.push(value("role", &request.role.to_string()));
    lines.push(value("token", &format!("iss  {}", request.issuer)));
    lines.push(value("", &format!("sub  {}", request.subject)));
    lines.push(value("", &format!("aud  {}", request.seen_audience().join(", "))));
    for (index, judged) in answer.decision.statements.iter().enumerate() {
        lines.push(String::new());
        let is_in_headline = answer.decision.fault.as_ref().is_some_and(|fault| Some(fault) == judged.fault.as_ref());
        lines.extend(statement(index + 1, judged, is_in_headline));
    }
    if let Some(fix) = &answer.fix {
        lines.push(String::new());
        lines.push(value("fix", fix));
    }
    if let Some(command) = &answer.command {
        // Commands are never wrapped, so that they can be pasted.
        lines.push(String::new());
        lines.push(command.clone());
    }
    if answer.decision.is_allowed() {
        lines.push(String::new());
        lines.push(value(
            "if AWS still denies it",
            "the role does not exist, its policy has changed, or a service or resource control policy denies the call",
        ));
    }
    lines.push(format!("\nexit {}\n", answer.exit_code()));
    lines.join("\n")
}

fn headline(answer: &Answer) -> String {
    let decision = &answer.decision;
    match (&decision.verdict, &decision.fault) {
        (Verdict::Allowed, _) => {
            let by = decision.allowed_by().map_or("the policy".to_owned(), |number| format!("statement {number}"));
            format!("ok ALLOWED  {by} allows {}", printable(&answer.request.subject))
        }
        (Verdict::Denied, Some(fault)) => format!("x DENIED  {}: {}", fault.cause.code, printable(&fault.text)),
        (Verdict::Denied, None) => "x DENIED".to_owned(),
        (Verdict::Unknown(why), _) => format!("? UNKNOWN  {}", printable(&why.join("; "))),
    }
}

fn statement(number: usize, judged: &Judged, is_in_headline: bool) -> Vec<String> {
    let sid = judged.sid.as_ref().filter(|sid| !sid.is_empty()).map(|sid| format!(" ({sid})")).unwrap_or_default();
    let effect = judged.effect.word();
    let head = |verdict: &str| wrap(&printable(&format!("statement {number}, {effect}{sid}: {verdict}")), "  ", "    ");
    let parts = match &judged.judgement {
        Judgement::Applies => return vec![head("applies")],
        Judgement::Unknown(why) => return vec![head(&format!("unknown: {}", why.join("; ")))],
        Judgement::Differs(parts) => parts,
    };
    let mut lines = vec![head("does not apply")];
    lines.extend(mismatches(parts, judged.effect == Effect::Allow));
    if let Some(fault) = judged.fault.as_ref().filter(|_| !is_in_headline) {
        lines.push(value("cause", &fault.text));
    }
    lines
}

pub(super) fn mismatches(parts: &[Mismatch], shows_needs: bool) -> Vec<String> {
    // The conditions of a statement for other callers do not matter.
    let for_others = matches!(parts.first(), Some(Mismatch::Principal { .. }));
    let mut lines = Vec::new();
    for part in parts.iter().take(if for_others { 1 } else { parts.len() }) {
        lines.push(value("differs", &part.to_string()));
        if shows_needs {
            lines.push(value("needs", part.needs().unwrap_or("no such condition")));
        }
    }
    lines
}

pub(super) fn value(label: &str, value: &str) -> String {
    let first = if label.len() > 12 { format!("  {label}: ") } else { format!("  {label:<12}") };
    wrap(&printable(value), &first, INDENT)
}
