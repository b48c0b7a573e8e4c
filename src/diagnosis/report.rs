//! The verdict over all that was judged, and the exit code: the one place for both.

use super::judged::Judged;
use crate::causes::webhook;
use crate::causes::{Advice, Finding, Severity};
use crate::probe::evidence::{Evidence, Seen};
use crate::text::secrets::Secrets;

/// The word that stands first in every rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Healthy,
    /// IRSA works, with warnings.
    Degraded,
    Broken,
    /// Neither proved nor refuted: a passing fault, or STS was not asked.
    Undetermined,
}

impl Verdict {
    pub const ALL: [Verdict; 4] = [Self::Healthy, Self::Degraded, Self::Broken, Self::Undetermined];

    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
            Self::Undetermined => "undetermined",
        }
    }

    /// Whether workloads can rely on IRSA.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }
}

/// How the probe was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Check,
    Wait,
    Serve,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Wait => "wait",
            Self::Serve => "serve",
        }
    }
}

/// The exit codes. They are public API: controllers repair pods by them.
pub mod exit {
    /// IRSA works (warnings allowed), or nothing was wrong as far as `--no-sts` let the probe run.
    pub const WORKS: u8 = 0;
    /// Something outside the pod must be fixed; the same pod can recover.
    pub const FIX: u8 = 1;
    /// A usage error, or the probe itself could not run.
    pub const USAGE: u8 = 2;
    /// A passing fault outlived the budget.
    pub const UNDETERMINED: u8 = 3;
    /// This pod can never recover.
    pub const RECREATE_POD: u8 = 4;

    /// Of two runs' codes the one that calls for more.
    pub fn worse(one: u8, other: u8) -> u8 {
        let order = [WORKS, UNDETERMINED, FIX, RECREATE_POD, USAGE];
        let rank = |code| order.iter().position(|known| *known == code);
        if rank(other) > rank(one) { other } else { one }
    }
}

/// One run, judged.
#[derive(Clone, Debug)]
pub struct Report {
    pub mode: Mode,
    pub duration_ms: u64,
    pub verdict: Verdict,
    pub advice: Advice,
    pub exit_code: u8,
    /// One line without the verdict's word.
    pub summary: String,
    /// Errors first, in the order in which a credential travels: the first is the root cause. Then warnings, then
    /// the rest.
    pub findings: Vec<Finding>,
    pub judged: Vec<Judged>,
    pub evidence: Evidence,
    /// What the run took in hand and no rendering may show.
    pub secrets: Secrets,
}

impl Report {
    pub fn new(mode: Mode, duration_ms: u64, evidence: Evidence, judged: Vec<Judged>, secrets: Secrets) -> Report {
        let findings = judged.iter().filter_map(Judged::finding).collect();
        Self::of(mode, duration_ms, evidence, judged, findings, secrets)
    }

    /// The same run with these findings instead, judged again.
    pub fn with_findings(self, findings: Vec<Finding>) -> Report {
        Self::of(self.mode, self.duration_ms, self.evidence, self.judged, findings, self.secrets)
    }

    fn of(
        mode: Mode,
        duration_ms: u64,
        evidence: Evidence,
        judged: Vec<Judged>,
        mut findings: Vec<Finding>,
        secrets: Secrets,
    ) -> Report {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let verdict = verdict(&evidence, &findings);
        let advice = advice(verdict, &evidence, &findings);
        Report {
            mode,
            duration_ms,
            verdict,
            advice,
            exit_code: exit_code(verdict, advice),
            summary: summary(verdict, &evidence, &findings),
            findings,
            judged,
            evidence,
            secrets,
        }
    }

    /// Whether IRSA works, or nothing was found that would keep it from working.
    pub fn works(&self) -> bool {
        self.exit_code == exit::WORKS
    }

    /// The first error.
    pub fn root_cause(&self) -> Option<&Finding> {
        self.findings.first().filter(|finding| finding.severity == Severity::Error)
    }
}

fn verdict(evidence: &Evidence, findings: &[Finding]) -> Verdict {
    let has = |severity| findings.iter().any(|finding| finding.severity == severity);
    if has(Severity::Error) {
        let passing = errors(findings).all(|finding| finding.advice == Advice::Retry);
        if passing { Verdict::Undetermined } else { Verdict::Broken }
    } else if evidence.caller.seen().is_none() && evidence.agent.seen().is_none() {
        Verdict::Undetermined
    } else if has(Severity::Warning) {
        Verdict::Degraded
    } else {
        Verdict::Healthy
    }
}

/// The advice of the error that needs most to be done: a pod that must be recreated stays so, whatever else is wrong.
fn advice(verdict: Verdict, evidence: &Evidence, findings: &[Finding]) -> Advice {
    let rank = |advice: &Advice| match advice {
        Advice::None => 0,
        Advice::Retry => 1,
        Advice::Fix => 2,
        Advice::RecreatePod => 3,
    };
    let strongest = errors(findings).map(|finding| finding.advice).max_by_key(rank);
    match (verdict, strongest) {
        (_, Some(advice)) => advice,
        (Verdict::Degraded, None) => Advice::Fix,
        _ if webhook::is_absent_as_allowed(evidence) => Advice::None,
        (Verdict::Undetermined, None) if !evidence.expected.no_sts => Advice::Retry,
        _ => Advice::None,
    }
}

fn exit_code(verdict: Verdict, advice: Advice) -> u8 {
    match (verdict, advice) {
        (Verdict::Healthy | Verdict::Degraded, _) => exit::WORKS,
        (Verdict::Undetermined, Advice::None) => exit::WORKS,
        (Verdict::Undetermined, _) => exit::UNDETERMINED,
        (Verdict::Broken, Advice::RecreatePod) => exit::RECREATE_POD,
        (Verdict::Broken, _) => exit::FIX,
    }
}

fn summary(verdict: Verdict, evidence: &Evidence, findings: &[Finding]) -> String {
    if let Some(root) = errors(findings).next() {
        return format!("{}: {}", root.cause.code, root.cause.title);
    }
    if webhook::is_absent_as_allowed(evidence) {
        return webhook::NOTHING_TO_CHECK.to_owned();
    }
    let mechanism = evidence.mechanism_in_words();
    let Some(caller) = evidence.caller.seen() else {
        if evidence.agent.seen().is_some() {
            let codes: Vec<_> = warnings(findings).map(|finding| finding.cause.code).collect();
            return format!(
                "{mechanism} works, but STS did not confirm whose credentials the agent gives; {}",
                codes.join(", ")
            );
        }
        return match (&evidence.session, &evidence.caller) {
            (Seen::NotChecked(why), _) | (_, Seen::NotChecked(why)) => format!("no fault found; {why}"),
            _ => "no fault found, but STS did not confirm the identity".to_owned(),
        };
    };
    let mut line = format!("{mechanism} works: {}", caller.arn);
    for role in evidence.web_identity().into_iter().flat_map(|identity| &identity.then) {
        line += &format!("; the SDK then assumes {role}");
    }
    if verdict == Verdict::Degraded {
        let codes: Vec<_> = warnings(findings).map(|finding| finding.cause.code).collect();
        line += &format!("; {}", codes.join(", "));
    }
    line
}

fn errors(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity == Severity::Error)
}

fn warnings(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity == Severity::Warning)
}
