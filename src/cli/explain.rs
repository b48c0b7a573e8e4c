//! `irsa-probe explain`: the long text of a code, or what a pasted error means.

use super::{Output, OutputOptions, complain, print};
use crate::causes;
use crate::explain;
use clap::Args;
use std::io::Read;

pub const EXAMPLES: &str = "\
Examples:
  irsa-probe explain                                lists all codes
  irsa-probe explain not-authorized                 what a code means
  kubectl logs deploy/app | irsa-probe explain -    what the errors in a log mean";

#[derive(Args)]
pub struct ExplainOptions {
    /// Finding code; `-` reads an error or a log from standard input
    code: Option<String>,
    #[command(flatten)]
    output: OutputOptions,
}

pub fn run(options: &ExplainOptions) -> u8 {
    match options.code.as_deref() {
        None => print(explain::list().as_bytes()),
        Some("-") => pasted(options),
        Some(code) => match causes::cause(code) {
            Some(cause) => print(explain::code(cause).as_bytes()),
            None => complain(&format!("there is no code {code:?}; irsa-probe explain lists all")),
        },
    }
}

fn pasted(options: &ExplainOptions) -> u8 {
    let mut text = Vec::new();
    let input = std::io::stdin().lock();
    if let Err(error) = input.take(explain::MAX_TEXT_BYTES as u64).read_to_end(&mut text) {
        return complain(&format!("cannot read standard input: {error}"));
    }
    let explanation = explain::text(&text);
    let shown = match options.output.output {
        Output::Text => explanation.to_text(),
        Output::Json => explanation.to_json(),
    };
    print(shown.as_bytes())
}
