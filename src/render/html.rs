//! The report as one HTML page: no script, nothing fetched, everything that others wrote escaped.

use base64::Engine;

use crate::causes::{Finding, Outcome};
use crate::diagnosis::history::History;
use crate::diagnosis::report::Report;
use crate::probe::evidence::{Evidence, StepStatus};
use crate::text::printable::Notation;
use crate::text::timestamp::{Timestamp, span};

const STYLE: &str = include_str!("page.css");
/// The kubelet renews a token at 80 % of its life.
const RENEWED_AT: f64 = 0.8;

/// The `Content-Security-Policy` to send with the page: nothing but its own style may be used.
pub fn policy() -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(digest);
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

pub fn render(report: &Report, history: &History) -> String {
    let mut page = Page(String::new());
    let word = report.verdict.word();
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.element("title", &format!("{word}: irsa-probe"));
    page.raw("<style>").raw(STYLE).raw("</style>\n</head>\n");
    page.raw(&format!("<body class=\"{word}\">\n<header>\n"));
    page.element("h1", word);
    page.element("p", &report.summary);
    page.classed("p", "dim", &standing(report, history));
    page.raw("</header>\n<main>\n");
    for finding in &report.findings {
        page.finding(finding, report.root_cause() == Some(finding));
    }
    page.identity(&report.evidence);
    page.token(&report.evidence);
    page.steps(&report.evidence);
    page.checks(report);
    page.raw("</main>\n<footer>\n");
    page.classed("p", "dim", concat!("irsa-probe ", env!("CARGO_PKG_VERSION"), "; JSON: /report"));
    page.raw("</footer>\n</body>\n</html>\n");
    report.secrets.hide_in(page.0, Notation::Html)
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

struct Page(String);

impl Page {
    /// `is_root`: the header has named it.
    fn finding(&mut self, finding: &Finding, is_root: bool) {
        let diagnosis = &finding.diagnosis;
        self.raw("<section>\n");
        if !is_root {
            self.element("h2", finding.severity.word());
            self.raw("<h3><code>").text(finding.cause.code).raw("</code> ").text(finding.cause.title).raw("</h3>\n");
        }
        self.element("p", &diagnosis.cause);
        self.raw("<p><strong>Fix:</strong> ").text(&diagnosis.fix.text).raw("</p>\n");
        for block in [&diagnosis.fix.commands, &diagnosis.fix.snippets].into_iter().filter(|block| !block.is_empty()) {
            self.element("pre", &block.join("\n"));
        }
        self.raw("<p class=\"dim\">More: <code>irsa-probe explain ").text(finding.cause.code).raw("</code></p>\n");
        if !diagnosis.candidates.is_empty() {
            self.element("h2", "possible causes, most likely first");
            self.raw("<ol>\n");
            for candidate in &diagnosis.candidates {
                self.raw("<li><code>").text(candidate.cause.code).raw("</code>: ").text(&candidate.why).raw("</li>\n");
            }
            self.raw("</ol>\n");
        }
        self.raw("</section>\n");
    }

    fn identity(&mut self, evidence: &Evidence) {
        self.element("h2", "identity");
        let caller = evidence.caller.seen();
        self.list(&[
            ("role", evidence.environment.value("AWS_ROLE_ARN").map(str::to_owned)),
            ("caller", caller.map(|caller| caller.arn.clone())),
            ("account", caller.map(|caller| caller.account.clone())),
            ("session expires", evidence.session.seen().map(|session| moment(session.expires_at, evidence.now))),
        ]);
    }

    fn token(&mut self, evidence: &Evidence) {
        let Some(token) = evidence.token.seen() else {
            return;
        };
        self.element("h2", "token");
        if let (Some(issued), Some(expires)) = (token.issued_at, token.expires_at) {
            self.lifetime(issued, expires, evidence.now);
        }
        let audience = (!token.audience.is_empty()).then(|| token.audience.join(", "));
        self.list(&[
            ("file", evidence.token_file.seen().map(|file| file.path.clone())),
            ("iss", token.issuer.clone()),
            ("sub", token.subject.clone()),
            ("aud", audience),
            ("issued", token.issued_at.map(|at| moment(at, evidence.now))),
            ("expires", token.expires_at.map(|at| moment(at, evidence.now))),
            ("key", token.key_id.clone()),
            ("pod", token.kubernetes.pod.clone()),
            ("node", token.kubernetes.node.clone()),
        ]);
    }

    /// A bar from issue to expiry, filled up to now, with a mark where the kubelet renews.
    fn lifetime(&mut self, issued: Timestamp, expires: Timestamp, now: Timestamp) {
        let life = expires.since(issued);
        if life <= 0 {
            return;
        }
        let spent = (now.since(issued) as f64 / life as f64).clamp(0.0, 1.0);
        let class = match spent {
            1.0 => "gone",
            spent if spent > RENEWED_AT => "late",
            _ => "past",
        };
        let renew = issued.plus((life as f64 * RENEWED_AT) as i64);
        let (now_at, renew_at) = (spent * 1000.0, RENEWED_AT * 1000.0);
        let said = format!(
            "{:.0} % of the token's lifetime has passed. The kubelet refreshes it at 80 %: {}.",
            spent * 100.0,
            moment(renew, now)
        );
        self.raw("<svg role=\"img\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" aria-label=\"").text(&said);
        self.raw("\">");
        self.raw("<rect class=\"life\" y=\"12\" width=\"1000\" height=\"16\"/>");
        self.raw(&format!("<rect class=\"{class}\" y=\"12\" width=\"{now_at:.0}\" height=\"16\"/>"));
        self.raw(&format!("<line class=\"renew\" x1=\"{renew_at:.0}\" x2=\"{renew_at:.0}\" y1=\"4\" y2=\"36\"/>"));
        self.raw(&format!("<line class=\"mark\" x1=\"{now_at:.0}\" x2=\"{now_at:.0}\" y1=\"4\" y2=\"36\"/>"));
        self.raw("</svg>\n");
        self.classed("p", "dim", &said);
    }

    fn steps(&mut self, evidence: &Evidence) {
        if evidence.steps.is_empty() {
            return;
        }
        self.element("h2", "connection to STS");
        self.raw("<table>\n<tr><th>step</th><th></th><th>ms</th><th>result</th></tr>\n");
        for step in &evidence.steps {
            let status = match step.status {
                StepStatus::Ok => "pass",
                StepStatus::Failed => "fail",
                StepStatus::Skipped => "skip",
            };
            self.raw("<tr><td>").text(step.name);
            self.raw(&format!("</td><td class=\"{status}\">{status}</td><td class=\"number\">"));
            self.raw(&format!("{}</td><td>", step.duration_ms)).text(&step.detail).raw("</td></tr>\n");
        }
        self.raw("</table>\n");
    }

    fn checks(&mut self, report: &Report) {
        self.element("h2", "checks");
        self.raw("<table>\n");
        for judged in &report.judged {
            let (status, reason) = match &judged.outcome {
                Outcome::Pass => ("pass", ""),
                Outcome::Skip(reason) => ("skip", reason.as_str()),
                Outcome::Fault(_) => ("fail", "see above"),
                Outcome::Warning(_) => ("warn", "see above"),
            };
            self.raw("<tr><td><code>").text(judged.cause.code).raw("</code></td>");
            self.raw(&format!("<td class=\"{status}\">{status}</td><td>")).text(reason).raw("</td></tr>\n");
        }
        self.raw("</table>\n");
    }

    fn list(&mut self, values: &[(&str, Option<String>)]) {
        self.raw("<dl>\n");
        for (name, value) in values {
            if let Some(value) = value {
                self.raw("<dt>").text(name).raw("</dt><dd>").text(value).raw("</dd>\n");
            }
        }
        self.raw("</dl>\n");
    }

    fn element(&mut self, name: &str, text: &str) {
        self.raw(&format!("<{name}>")).text(text).raw(&format!("</{name}>\n"));
    }

    fn classed(&mut self, name: &str, class: &str, text: &str) {
        self.raw(&format!("<{name} class=\"{class}\">")).text(text).raw(&format!("</{name}>\n"));
    }

    fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// What this file wrote.
    fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
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
        assert!(page.contains(
            "AccessDenied &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;\u{fffd}[31m"
        ));
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("http-equiv"));
        assert!(!page.contains("src=") && !page.contains("url(") && !page.contains("@import"));
    }

    #[test]
    fn the_fix_and_its_commands_are_there() {
        let page = page(&sample::refused());
        assert!(page.contains("<strong>Fix:</strong> compare the role&#39;s policy with what this token needs</p>"));
        assert!(page.contains("<pre>aws iam get-role --role-name checkout &gt; role.json\nirsa-probe trust-policy"));
        assert!(page.contains("broken since 2026-11-22T01:00:00Z (0 s); the last run failed"));
    }

    #[test]
    fn the_lifetime_is_drawn() {
        let healthy = page(&sample::healthy());
        assert!(healthy.contains("<rect class=\"past\" y=\"12\" width=\"83\""), "{healthy}");
        assert!(healthy.contains("8 % of the token&#39;s lifetime has passed"));
        let expired = page(&sample::later(sample::healthy(), 80_000));
        assert!(expired.contains("<rect class=\"gone\" y=\"12\" width=\"1000\""));
    }

    #[test]
    fn the_policy_allows_the_style_by_its_hash_and_nothing_else() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!policy.contains("unsafe"));
    }
}
