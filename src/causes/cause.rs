//! What a check can say: a [`Cause`] names a fault for good, a [`Diagnosis`] tells this occurrence of it.

use crate::probe::evidence::Evidence;
use serde::Serialize;

/// How bad a finding is. Only an error makes the verdict `broken`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// Whether waiting helps, and if not, what does. This is what an operator or a controller acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    None,
    /// Something outside the pod must change; this same pod can then recover.
    Fix,
    /// A passing fault: look again.
    Retry,
    /// The pod is frozen in its fault (variables, volumes and modes are set when it is made): make a new one.
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

/// A fault that this project has a name for, and all there is to know about it. The code is public API: the name of the
/// file that defines it, of its case directory, its docs anchor and its metric label.
pub struct Cause {
    pub code: &'static str,
    /// A lowercase clause without full stop.
    pub title: &'static str,
    pub severity: Severity,
    pub advice: Advice,
    /// The long text of `irsa-probe explain CODE`: what it means, how it comes about, how to fix it.
    pub explanation: &'static str,
    /// Looks for the fault in the evidence, and reads nothing else. `None`: no evidence within a pod proves it; it is a
    /// candidate, or read from an error text.
    pub judge: Option<fn(&Evidence) -> Outcome>,
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
    /// Each pastes as it stands into sh, bash, zsh and fish: no comments, no here-documents.
    pub commands: Vec<String>,
    /// YAML for a manifest. No shell runs it.
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

/// A value as one word of sh, bash, zsh and fish, so that a command which holds it does what it says.
///
/// zsh replaces a word that begins with `=` by the path of a program; in single quotes fish reads `\\` and `\'` as
/// escapes, so backslashes stand outside of them.
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
    pub why: String,
}

impl Candidate {
    pub fn new(cause: &'static Cause, why: impl Into<String>) -> Self {
        Self { cause, why: why.into() }
    }
}

/// What a check found: the values seen, the fix, and, where evidence does not decide, what it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// One or two sentences with the values seen. Stands alone; never tells the fix.
    pub cause: String,
    /// Likeliest first. Empty where the finding itself is the cause.
    pub candidates: Vec<Candidate>,
    pub fix: Fix,
    /// Where this occurrence calls for something else than [`Cause::advice`].
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

/// What a check makes of the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Looked at, and right.
    Pass,
    /// Could not be judged, and why. Never shown as passed.
    Skip(String),
    /// The fault is there.
    Fault(Box<Diagnosis>),
    /// The fault is there in a milder form than [`Cause::severity`] says: it does not break IRSA by itself.
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

/// A diagnosis together with the cause whose check made it.
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

    #[test]
    fn a_value_stays_one_word_whatever_it_holds() {
        assert_eq!(shell_word("arn:aws:iam::111122223333:role/a-b_c"), "arn:aws:iam::111122223333:role/a-b_c");
        assert_eq!(shell_word("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(shell_word(r"\"), r"''\\''");
        assert_eq!(shell_word("=ls"), "'=ls'");
        assert_eq!(shell_word(""), "''");
    }
}
