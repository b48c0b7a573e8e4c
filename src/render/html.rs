//! The report as one HTML page.

use super::page::{head, list};
use crate::causes::{Finding, Outcome};
use crate::diagnosis::history::History;
use crate::diagnosis::report::Report;
use crate::probe::evidence::{Evidence, StepStatus, WebIdentity};
use crate::render::json;
use crate::text::printable::Notation;
use crate::text::timestamp::{Timestamp, span};
use maud::{DOCTYPE, Markup, html};

/// The kubelet renews a token at 80 % of its life.
const RENEWED_AT: f64 = 0.8;

pub fn render(report: &Report, history: &History) -> String {
    let word = report.verdict.word();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{word}: irsa-probe"), false))
            body class=(word) {
                header {
                    h1 { (word) }
                    p { (report.summary) }
                    p.dim { (standing(report, history)) }
                }
                main {
                    @for finding in &report.findings {
                        (section(finding, report.root_cause() == Some(finding)))
                    }
                    (identity(&report.evidence))
                    (token(&report.evidence))
                    (steps(&report.evidence))
                    (checks(report))
                }
                footer {
                    p.dim { "irsa-probe " (env!("CARGO_PKG_VERSION")) "; JSON: /report" }
                }
            }
        }
    };
    report.secrets.hide_in(page.into_string(), Notation::Html)
}

/// Since when it is so, and of when the page is.
fn standing(report: &Report, history: &History) -> String {
    let now = report.evidence.now;
    let mut text = format!("as of {now}");
    if let Some((verdict, since)) = history.verdict {
        text += &format!("; {} since {since} ({})", verdict.word(), span(now.since(since)));
    }
    match history.failures {
        0 => {}
        1 => text += "; the last run failed",
        failures => text += &format!("; the last {failures} runs failed"),
    }
    text
}

/// `is_root`: the header has named it.
fn section(finding: &Finding, is_root: bool) -> Markup {
    let diagnosis = &finding.diagnosis;
    let blocks = [&diagnosis.fix.commands, &diagnosis.fix.snippets];
    html! {
        section {
            @if !is_root {
                h2 { (finding.severity.word()) }
                h3 { code { (finding.cause.code) } " " (finding.cause.title) }
            }
            p { (diagnosis.cause) }
            p { strong { "Fix:" } " " (diagnosis.fix.text) }
            @for block in blocks.into_iter().filter(|block| !block.is_empty()) {
                pre { (block.join("\n")) }
            }
            p.dim { "More: " code { "irsa-probe explain " (finding.cause.code) } }
            @if !diagnosis.candidates.is_empty() {
                h2 { "possible causes, most likely first" }
                ol {
                    @for candidate in &diagnosis.candidates {
                        li { code { (candidate.cause.code) } ": " (candidate.why) }
                    }
                }
            }
        }
    }
}

fn identity(evidence: &Evidence) -> Markup {
    let caller = evidence.caller.seen();
    let hops = evidence.chained_roles();
    html! {
        h2 { "identity" }
        (list(&[
            ("mechanism", evidence.mechanism.map(|mechanism| mechanism.name().to_owned())),
            ("association", evidence.has_pod_identity().then(|| json::association(evidence).in_words())),
            ("profile", evidence.web_identity().map(WebIdentity::place)),
            ("role", evidence.role_arn().map(str::to_owned)),
            ("then assumes", (!hops.is_empty()).then(|| hops.join(", "))),
            ("caller", caller.map(|caller| caller.arn.clone())),
            ("account", caller.map(|caller| caller.account.clone())),
            ("session expires", evidence.session.seen().map(|session| moment(session.expires_at, evidence.now))),
        ]))
    }
}

fn token(evidence: &Evidence) -> Markup {
    let Some(token) = evidence.token.seen() else {
        return Markup::default();
    };
    let audience = (!token.audience.is_empty()).then(|| token.audience.join(", "));
    html! {
        h2 { "token" }
        @if let (Some(issued), Some(expires)) = (token.issued_at, token.expires_at) {
            (lifetime(issued, expires, evidence.now))
        }
        (list(&[
            ("file", evidence.token_file.seen().map(|file| file.path.clone())),
            ("iss", token.issuer.clone()),
            ("sub", token.subject.clone()),
            ("aud", audience),
            ("issued", token.issued_at.map(|at| moment(at, evidence.now))),
            ("expires", token.expires_at.map(|at| moment(at, evidence.now))),
            ("key", token.key_id.clone()),
            ("pod", token.kubernetes.pod.clone()),
            ("node", token.kubernetes.node.clone()),
        ]))
    }
}

/// A bar from issue to expiry, filled up to now, with a mark where the kubelet renews.
fn lifetime(issued: Timestamp, expires: Timestamp, now: Timestamp) -> Markup {
    let life = expires.since(issued);
    if life <= 0 {
        return Markup::default();
    }
    let spent = (now.since(issued) as f64 / life as f64).clamp(0.0, 1.0);
    let class = match spent {
        1.0 => "gone",
        spent if spent > RENEWED_AT => "late",
        _ => "past",
    };
    let renew = issued.plus((life as f64 * RENEWED_AT) as i64);
    // Of the drawing's 1000 units.
    let [now_at, renew_at] = [spent, RENEWED_AT].map(|share| format!("{:.0}", share * 1000.0));
    let said = format!(
        "{:.0} % of the token's lifetime has passed. The kubelet refreshes it at 80 %: {}.",
        spent * 100.0,
        moment(renew, now)
    );
    html! {
        svg role="img" viewBox="0 0 1000 40" preserveAspectRatio="none" aria-label=(said) {
            rect.life y="12" width="1000" height="16" {}
            rect class=(class) y="12" width=(now_at) height="16" {}
            line.renew x1=(renew_at) x2=(renew_at) y1="4" y2="36" {}
            line.mark x1=(now_at) x2=(now_at) y1="4" y2="36" {}
        }
        p.dim { (said) }
    }
}

fn steps(evidence: &Evidence) -> Markup {
    if evidence.steps.is_empty() {
        return Markup::default();
    }
    let word = |status| match status {
        StepStatus::Ok => "pass",
        StepStatus::Failed => "fail",
        StepStatus::Skipped => "skip",
    };
    html! {
        h2 { "calls" }
        table {
            tr { th { "step" } th {} th { "ms" } th { "result" } }
            @for step in &evidence.steps {
                tr {
                    td { (step.name) }
                    td class=(word(step.status)) { (word(step.status)) }
                    td.number { (step.duration_ms) }
                    td { (step.detail) }
                }
            }
        }
    }
}

fn checks(report: &Report) -> Markup {
    let words = |outcome: &Outcome| match outcome {
        Outcome::Pass => ("pass", String::new()),
        Outcome::Skip(reason) => ("skip", reason.clone()),
        Outcome::Fault(_) => ("fail", "see above".to_owned()),
        Outcome::Warning(_) => ("warn", "see above".to_owned()),
    };
    html! {
        h2 { "checks" }
        table {
            @for judged in &report.judged {
                @let (status, reason) = words(&judged.outcome);
                tr {
                    td { code { (judged.cause.code) } }
                    td class=(status) { (status) }
                    td { (reason) }
                }
            }
        }
    }
}

fn moment(at: Timestamp, now: Timestamp) -> String {
    match at.since(now) {
        left if left > 0 => format!("{at}, in {}", span(left)),
        gone => format!("{at}, {} ago", span(gone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn page(report: &Report) -> String {
        let mut history = History::default();
        history.record(report);
        render(report, &history)
    }

    #[test]
    fn what_others_wrote_cannot_break_out() {
        let page = page(&sample::refused());
        assert!(
            page.contains("AccessDenied &lt;script&gt;alert('x')&lt;/script&gt; &amp; &quot;more&quot;\u{fffd}[31m")
        );
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("http-equiv"));
        assert!(!page.contains("src=") && !page.contains("url(") && !page.contains("@import"));
    }

    #[test]
    fn the_fix_and_its_commands_are_there() {
        let page = page(&sample::refused());
        assert!(page.contains("<strong>Fix:</strong> compare the role's policy with what this token needs</p>"));
        assert!(page.contains("<pre>aws iam get-role --role-name checkout &gt; role.json\nirsa-probe trust-policy"));
        assert!(page.contains("broken since 2026-11-22T01:00:00Z (0 s); the last run failed"));
    }

    #[test]
    fn the_lifetime_is_drawn() {
        let healthy = page(&sample::healthy());
        assert!(healthy.contains("<rect class=\"past\" y=\"12\" width=\"83\""), "{healthy}");
        assert!(healthy.contains("8 % of the token's lifetime has passed"));
        let expired = page(&sample::later(sample::healthy(), 80_000));
        assert!(expired.contains("<rect class=\"gone\" y=\"12\" width=\"1000\""));
    }

    #[test]
    fn the_mechanism_and_its_association_are_there() {
        assert!(page(&sample::healthy()).contains("<dt>mechanism</dt><dd>IRSA</dd>"));
        let pod_identity = page(&sample::pod_identity());
        for part in
            ["<dd>EKS Pod Identity</dd>", "<dt>association</dt><dd>cluster prod, service account payments/checkout<"]
        {
            assert!(pod_identity.contains(part), "{part} is not in\n{pod_identity}");
        }
    }
}
