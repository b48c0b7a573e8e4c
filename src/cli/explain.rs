//! `irsa-probe explain`: the long text of a code, or what a pasted error means.

use super::out::{complain, print};
use super::{Output, OutputOptions};
use crate::causes;
use crate::diagnosis::report::exit;
use crate::explain;
use crate::text::printable::Notation;
use clap::Args;
use std::io::Read;

pub(super) const EXAMPLES: &str = "Examples:
  irsa-probe explain                                lists all codes
  irsa-probe \
                            explain not-authorized                 what a code means
  kubectl logs deploy/app | \
                            irsa-probe explain -    what the errors in a log mean";

#[derive(Args)]
pub(super) struct ExplainOptions {
    /// Finding code; `-` reads an error or a log from standard input
    code: Option<String>,
    #[command(flatten)]
    output: OutputOptions,
}

pub(super) fn run(options: &ExplainOptions) -> u8 {
    let (text, notation) = match options.code.as_deref() {
        None => (explain::list(), Notation::Text),
        Some("-") => match pasted(options.output.output) {
            Ok(text) => (text, options.output.output.notation()),
            Err(why) => return complain(&why),
        },
        Some(code) => match causes::cause(code) {
            Some(cause) => (explain::code(cause), Notation::Text),
            // It is not quoted: who pastes an error may paste a token.
            None => return complain(UNKNOWN),
        },
    };
    print(text, notation);
    exit::WORKS
}

const UNKNOWN: &str = "unknown code; irsa-probe explain lists all codes, and irsa-probe explain - reads an error from \
                       standard input";

fn pasted(output: Output) -> Result<String, String> {
    let mut text = Vec::new();
    let input = std::io::stdin().lock();
    let read = input.take(explain::MAX_TEXT_BYTES as u64).read_to_end(&mut text);
    read.map_err(|error| format!("cannot read standard input: {error}"))?;
    let explanation = explain::text(&text);
    Ok(match output {
        Output::Text => explanation.to_text(),
        Output::Json => explanation.to_json(),
    })
}
