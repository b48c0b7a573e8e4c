//! `explain`: what a code means, and what a pasted error means. Text in, text out.

mod reader;

use crate::causes;
use crate::causes::{About, Advice, Candidate, Cause, Facts, Fix, Reading};
use crate::diagnosis::matcher::{Spoken, spoken, strongest};
use crate::render::json::{self, FixV1};
use crate::render::text::wrap;
use crate::text::printable::printable;
use crate::text::unwrap::unwrap;
use reader::Context;
use serde::Serialize;

/// How much of a text is read, in bytes.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// What a pasted text means.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Likeliest first; empty where the text holds no error that is known.
    pub causes: Vec<Explained>,
}

/// One possible cause.
#[derive(Clone, Debug)]
pub struct Explained {
    pub cause: &'static Cause,
    pub why: String,
    pub fix: Fix,
}

/// Reads any bytes: an error, a log, a page. More than [`MAX_TEXT_BYTES`] is left out at the end.
pub fn text(bytes: &[u8]) -> Explanation {
    let (facts, readings) = read(&bytes[..bytes.len().min(MAX_TEXT_BYTES)]);
    let mut causes: Vec<Explained> = Vec::new();
    for Candidate { cause, why } in readings.iter().flat_map(|reading| &reading.candidates) {
        if causes.iter().all(|known| known.cause != *cause) {
            causes.push(Explained { cause, why: why.clone().into_owned(), fix: (cause.fix)(&facts) });
        }
    }
    Explanation { causes }
}

/// What the errors in a text mean, nearest to the root cause first. Empty if none is known.
fn read(bytes: &[u8]) -> (Facts, Vec<Reading>) {
    let text = unwrap(bytes);
    let mut facts = reader::read(&text);
    let text = text.to_ascii_lowercase();
    let mut read: Vec<Spoken> = Vec::new();
    let mut readings = Vec::new();
    for one in strongest(spoken(&text).into_iter().filter(|one| counts(&text, one, &facts)).collect()) {
        if read.iter().any(|earlier| std::ptr::eq(earlier.saying, one.saying)) {
            continue;
        }
        if let Context::Sts(host) = reader::context(&text, &one.place) {
            facts.host = Some(host);
            facts.address = reader::address(&text, &one.place);
        }
        readings.push((one.saying.means)(&facts));
        read.push(one);
    }
    (facts, readings)
}

/// Whether a saying is about the server, or the caller, that it must be about.
fn counts(text: &str, Spoken { saying, place }: &Spoken, facts: &Facts) -> bool {
    let context = || reader::context(text, place);
    let is_of_sts = || matches!(context(), Context::Sts(_) | Context::Words);
    match saying.about {
        About::Anything => true,
        About::Sts => is_of_sts(),
        About::StsAtTheEnd => matches!(context(), Context::Sts(_)) && text.len() - place.end < 120,
        About::StsOrSdk => {
            reader::is_about_sts(text, place)
                || context() != Context::OtherAws && reader::is_of_an_sdk(text, place)
                || is_of_sts()
        }
        About::Aws => match context() {
            Context::Sts(_) | Context::OtherAws | Context::Words => true,
            Context::OtherHost | Context::Agent => false,
            Context::Nothing => reader::is_of_an_sdk(text, place),
        },
        About::Agent => context() == Context::Agent,
        About::Node => facts.caller_is_node(),
        About::NotEcs => !reader::is_of_ecs(text),
    }
}

impl Explanation {
    /// For people.
    pub fn to_text(&self) -> String {
        let Some(first) = self.causes.first() else {
            return NOTHING_KNOWN.to_owned();
        };
        let mut page = match self.causes.len() {
            1 => format!("{}\n", wrap(&headline(first), "", "  ")),
            _ => "possible causes, most likely first\n".to_owned(),
        };
        for (place, explained) in self.causes.iter().enumerate().filter(|_| self.causes.len() > 1) {
            page += &format!("{}\n", wrap(&headline(explained), &format!("{:>3}  ", place + 1), "     "));
        }
        page += &format!("\n{}\n", wrap(&explained_fix(first), "fix   ", "      "));
        // Commands must paste: they are never wrapped.
        for line in first.fix.commands.iter().chain(&first.fix.snippets).flat_map(|text| text.lines()) {
            page += &format!("        {line}\n");
        }
        page += &format!("wait  {}\nmore  irsa-probe explain {}\n", waiting(first.cause.advice), first.cause.code);
        page
    }

    /// For programs: `irsa-probe/explain/v1`.
    pub fn to_json(&self) -> String {
        let causes = self.causes.iter().map(|explained| CauseV1 {
            code: explained.cause.code,
            why: &explained.why,
            retryable: explained.cause.advice == Advice::Retry,
            fix: json::fix(&explained.fix),
        });
        let explanation = ExplanationV1 { schema: "irsa-probe/explain/v1", causes: causes.collect() };
        // Strings, booleans and lists: nothing in it can fail to be written.
        serde_json::to_string_pretty(&explanation).unwrap_or_default() + "\n"
    }
}

const NOTHING_KNOWN: &str = "\
No known error of AWS, of an SDK, of the network or of TLS is in this text.

Paste the whole message, with what it was caused by; or run in the pod itself:
  irsa-probe
";

/// The long text of a code.
pub fn code(cause: &Cause) -> String {
    let paragraphs: Vec<String> = cause.explanation.split("\n\n").map(|text| wrap(text, "", "")).collect();
    format!(
        "{}\n\n{}\n\ncheck {}\nwait  {}\n",
        wrap(&format!("{}: {}", cause.code, cause.title), "", "  "),
        paragraphs.join("\n\n"),
        cause.compare,
        waiting(cause.advice)
    )
}

/// Every code with its title, in the order in which a credential travels.
pub fn list() -> String {
    let width = causes::CAUSES.iter().map(|cause| cause.code.len()).max().unwrap_or_default();
    causes::CAUSES.iter().map(|cause| format!("{:<width$}  {}\n", cause.code, cause.title)).collect()
}

/// Whether waiting helps, in words.
fn waiting(advice: Advice) -> &'static str {
    match advice {
        Advice::None => "nothing is broken",
        Advice::Fix => "does not help; once it is fixed, the same pod recovers",
        Advice::Retry => "may help: such a fault can pass by itself; retry",
        Advice::RecreatePod => "does not help; fix the cause, then recreate the pod",
    }
}

fn headline(explained: &Explained) -> String {
    format!("{}: {}", explained.cause.code, printable(&explained.why))
}

fn explained_fix(explained: &Explained) -> String {
    printable(&explained.fix.text)
}

#[derive(Serialize)]
struct ExplanationV1<'e> {
    schema: &'static str,
    causes: Vec<CauseV1<'e>>,
}

#[derive(Serialize)]
struct CauseV1<'e> {
    code: &'static str,
    why: &'e str,
    /// Whether waiting helps.
    retryable: bool,
    fix: FixV1<'e>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_comes_first_with_its_fix() {
        let page = text(b"InvalidIdentityToken: Incorrect token audience\n\tstatus code: 400").to_text();
        assert!(page.starts_with("wrong-audience: "), "{page}");
        assert!(page.contains("aws iam add-client-id-to-open-id-connect-provider"), "{page}");
        assert!(page.contains("more  irsa-probe explain wrong-audience"), "{page}");
        assert!(page.lines().filter(|line| !line.starts_with("        ")).all(|line| line.len() <= 80), "{page}");
    }

    #[test]
    fn commands_name_what_the_text_shows() {
        for (pasted, shown) in [
            (
                "No OpenIDConnect provider found in your account for https://oidc.eks.us-gov-west-1.amazonaws.com/id/EX",
                "--region us-gov-west-1",
            ),
            (
                "AssumeRoleWithWebIdentity AccessDenied arn:aws-us-gov:iam::111122223333:role/app",
                "--region us-gov-west-1",
            ),
            (
                "169.254.170.23: Service account token failed basic claim validations: token is expired",
                "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
            ),
            (
                "ExpiredTokenException AssumeRoleWithWebIdentity",
                "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
            ),
        ] {
            let page = text(pasted.as_bytes()).to_text();
            assert!(page.contains(shown), "{pasted}: {page}");
        }
    }

    #[test]
    fn the_json_is_its_schema() {
        let json =
            text(b"An error occurred (Throttling) when calling the AssumeRoleWithWebIdentity operation: Rate exceeded")
                .to_json();
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["schema"], "irsa-probe/explain/v1");
        assert_eq!(value["causes"][0]["code"], "throttled");
        assert_eq!(value["causes"][0]["retryable"], true);
        assert!(value["causes"][0]["fix"]["text"].is_string());
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text(b"").to_json()).expect("JSON")["causes"],
            serde_json::json!([])
        );
    }

    #[test]
    fn nothing_known_is_said_so() {
        for unknown in [&b""[..], b"hello, world", b"\xff\xfe\x00", b"ERROR: division by zero"] {
            assert!(text(unknown).to_text().starts_with("No known error"), "{unknown:?}");
        }
    }

    #[test]
    fn any_text_can_be_read() {
        for unit in ["\\", "&", "\\u", "AccessDenied AssumeRoleWithWebIdentity ", "sts: timed out ", "\u{e9}:="] {
            let log = unit.repeat(10_000);
            assert!(text(log.as_bytes()).causes.len() < 20);
        }
        let long = "x".repeat(MAX_TEXT_BYTES) + "Incorrect token audience";
        assert!(text(long.as_bytes()).causes.is_empty());
    }

    #[test]
    fn every_code_has_a_page() {
        for cause in causes::CAUSES.iter() {
            let page = code(cause);
            assert!(
                page.starts_with(cause.code)
                    && page.contains("\ncheck ")
                    && page.contains("\nwait  ")
                    && page.len() > 200,
                "{page}"
            );
        }
        assert_eq!(list().lines().count(), causes::CAUSES.len());
    }
}
