//! The termination message: what `kubectl describe pod` shows of a container that ended.

use crate::causes::Advice;
use crate::diagnosis::report::Report;
use crate::text::printable::{Notation, is_unprintable};

/// The kubelet takes at most 12288 bytes for all containers of a pod (`MaxPodTerminationMessageLogLength`) and cuts each
/// message to its share: this much is kept with up to twelve containers.
const MAX_BYTES: usize = 1000;

/// One line, most important words first, at most [`MAX_BYTES`] bytes.
pub fn render(report: &Report) -> String {
    let mut message = format!("irsa-probe: {} {}", report.verdict.word().to_uppercase(), report.summary);
    if let Some(root) = report.root_cause() {
        let diagnosis = &root.diagnosis;
        message += &format!(". {}", diagnosis.cause);
        let candidates: Vec<_> = diagnosis.candidates.iter().take(2).map(|candidate| candidate.cause.code).collect();
        if !candidates.is_empty() {
            message += &format!(" Likely {}.", candidates.join(" or "));
        }
        // A sentence of its own elsewhere; here its commands follow it.
        message += &format!(" Fix: {}", diagnosis.fix.text.trim_end_matches('.'));
        for (place, command) in diagnosis.fix.commands.iter().enumerate() {
            message += if place == 0 { ": " } else { "; " };
            message += command;
        }
        message += match report.advice {
            Advice::RecreatePod => ". This pod cannot recover: recreate it after the fix.",
            Advice::Retry => ". Retrying may help.",
            Advice::Fix | Advice::None => ".",
        };
    }
    // Before it is cut, for a part that is too short to be known again may be left.
    cut(&on_one_line(&report.secrets.hide_in(message, Notation::Text)))
}

/// One line of text without terminal commands, whoever wrote it.
fn on_one_line(text: &str) -> String {
    let spaced = text.replace(|c| is_unprintable(c) || c == '\u{fffd}', " ");
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn cut(message: &str) -> String {
    if message.len() <= MAX_BYTES {
        return message.to_owned();
    }
    const MORE: &str = " ...";
    let end = message.floor_char_boundary(MAX_BYTES - MORE.len());
    format!("{}{MORE}", &message[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn the_first_words_are_the_verdict_and_the_code() {
        assert_eq!(
            render(&sample::refused()),
            "irsa-probe: BROKEN not-authorized: the role's trust policy does not allow this service account. STS said: \
             AccessDenied <script>alert('x')</script> & \"more\" [31m Likely wrong-subject-in-trust-policy. Fix: compare \
             the role's policy with what this token needs: aws iam get-role --role-name checkout > role.json; irsa-probe \
             trust-policy --check role.json."
        );
        assert!(render(&sample::healthy()).starts_with("irsa-probe: HEALTHY IRSA works: arn:aws:sts::"));
        assert!(render(&sample::frozen()).ends_with("This pod cannot recover: recreate it after the fix."));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        for shift in 0..4 {
            let mut report = sample::healthy();
            report.summary = format!("{}{}", "a".repeat(shift), "né€😀".repeat(500));
            let message = render(&report);
            assert!(message.len() <= MAX_BYTES && message.len() > MAX_BYTES - 8, "{}", message.len());
            assert!(message.ends_with(" ..."));
        }
    }
}
