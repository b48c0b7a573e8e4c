//! The results of a check: a [`Cause`] defines a fault, a [`Diagnosis`] describes one occurrence of it.

use super::{Facts, Saying};
use crate::probe::evidence::Evidence;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How bad a finding is. Only an error makes the verdict `broken`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Whether a retry helps, and if not, what does. Operators and controllers act on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    None,
    /// The fault is outside the pod. Once it is fixed, this pod recovers without being recreated.
    Fix,
    /// The fault may be transient: run the checks again.
    Retry,
    /// The pod cannot recover, because its variables, volumes and modes are set at creation: recreate it.
    RecreatePod,
}

impl Advice {
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fix => "fix",
            Self::Retry => "retry",
            Self::RecreatePod => "recreate-pod",
        }
    }
}

/// The definition of a fault. The code is public API: it is the name of the file that defines the fault, of its case
/// directory, its docs anchor and its metric label.
pub struct Cause {
    pub code: &'static str,
    /// What is wrong: a lowercase clause without a full stop.
    pub title: &'static str,
    /// What to compare or check to confirm the fault, in at most ten words: a candidate's one line in a report.
    pub compare: &'static str,
    pub severity: Severity,
    pub advice: Advice,
    /// The long text of `irsa-probe explain CODE`: what the fault means, what causes it, how to fix it.
    pub explanation: &'static str,
    /// How AWS, SDKs, operating systems and TLS libraries put it: in a live answer, and in a text that `explain` reads.
    pub says: &'static [Saying],
    /// A change in IAM that was made a moment ago can cause it, so `wait` retries for `--settle`: "changes ... are
    /// eventually consistent" (IAM User Guide, "Troubleshoot IAM").
    pub settles: bool,
    /// The fault keeps the probe from STS, and an SDK with EKS Pod Identity does not call STS: if the agent returned
    /// credentials, only their owner stays unknown, and the fault is a warning.
    pub hides_caller: bool,
    /// Judges the evidence, and reads nothing else. `None`: no evidence inside a pod proves the fault. It is then only a
    /// candidate, or it is recognised in an error text.
    pub judge: Option<fn(&Evidence) -> Outcome>,
    /// What to do about it, with the names that are known.
    pub fix: fn(&Facts) -> Fix,
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Cause {}

impl std::fmt::Debug for Cause {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code)
    }
}

/// What to do, in the imperative, and the commands that do it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    pub text: String,
    /// Each can be pasted unchanged into sh, bash, zsh and fish: no comments, no here-documents.
    pub commands: Vec<String>,
    /// YAML for a manifest, not for a shell.
    pub snippets: Vec<String>,
}

impl Fix {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    pub fn snippet(mut self, snippet: impl Into<String>) -> Self {
        self.snippets.push(snippet.into());
        self
    }
}

/// Quotes a value so that sh, bash, zsh and fish read it as one word.
///
/// zsh replaces a word that begins with `=` by the path of a program. fish reads `\\` and `\'` in single quotes as
/// escapes, so backslashes are placed outside the quotes.
pub fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+,-./:=@_%".contains(&byte);
    match !text.is_empty() && !text.starts_with('=') && text.bytes().all(plain) {
        true => text.to_owned(),
        false => {
            let escaped = |c| if matches!(c, '\\' | '\'') { format!(r"'\{c}'") } else { String::from(c) };
            format!("'{}'", text.chars().map(escaped).collect::<String>())
        }
    }
}

/// A cause that the evidence allows but does not prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub cause: &'static Cause,
    /// Mostly a fixed text. An audit has the same ones for each of many pods.
    pub why: Cow<'static, str>,
}

impl Candidate {
    pub fn new(cause: &'static Cause, why: impl Into<Cow<'static, str>>) -> Self {
        Self { cause, why: why.into() }
    }
}

/// What a check found: the values seen, the fix, and the candidates if the evidence does not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// One or two sentences with the values seen. Complete without other text; never contains the fix.
    pub cause: String,
    /// Most likely first. Empty if the finding itself is the cause.
    pub candidates: Vec<Candidate>,
    pub fix: Fix,
    /// Set if this occurrence needs other advice than [`Cause::advice`].
    pub advice: Option<Advice>,
}

impl Diagnosis {
    pub fn new(cause: impl Into<String>, fix: Fix) -> Self {
        Self { cause: cause.into(), candidates: Vec::new(), fix, advice: None }
    }

    pub fn could_be(mut self, candidates: Vec<Candidate>) -> Self {
        self.candidates = candidates;
        self
    }

    pub fn advise(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Checked and correct.
    Pass,
    /// Not judged, with the reason. Never shown as passed.
    Skip(String),
    /// The fault was found.
    Fault(Box<Diagnosis>),
    /// The fault was found in a milder form than [`Cause::severity`]: it does not break IRSA by itself.
    Warning(Box<Diagnosis>),
}

impl Outcome {
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::Skip(reason.into())
    }
}

impl From<Diagnosis> for Outcome {
    fn from(diagnosis: Diagnosis) -> Self {
        Self::Fault(Box::new(diagnosis))
    }
}

/// A diagnosis and the cause whose check produced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub cause: &'static Cause,
    pub severity: Severity,
    pub advice: Advice,
    pub diagnosis: Diagnosis,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::CAUSES;

    #[test]
    fn a_candidate_fits_one_line() {
        for Cause { code, compare, .. } in CAUSES {
            let columns = format!("{code}  {compare}").chars().count();
            assert!(columns <= 68, "{code}: {columns} columns");
            assert!((1..=10).contains(&compare.split_whitespace().count()), "{code}: {compare}");
            assert!(!compare.ends_with('.'), "{code}: {compare}");
        }
    }

    #[test]
    fn any_value_is_quoted_as_one_word() {
        assert_eq!(shell_word("arn:aws:iam::111122223333:role/a-b_c"), "arn:aws:iam::111122223333:role/a-b_c");
        assert_eq!(shell_word("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(shell_word(r"\"), r"''\\''");
        assert_eq!(shell_word("=ls"), "'=ls'");
        assert_eq!(shell_word(""), "''");
    }
}
