//! `irsa-probe explain`: the long text of a code.

use super::{complain, print};
use crate::checks;
use clap::Args;

pub const EXAMPLES: &str = "\
Examples:
  irsa-probe explain
  irsa-probe explain not-authorized";

#[derive(Args)]
pub struct ExplainOptions {
    /// A code, as findings show it
    code: Option<String>,
}

pub fn run(options: &ExplainOptions) -> u8 {
    let Some(code) = &options.code else {
        let width = checks::causes().map(|cause| cause.code.len()).max().unwrap_or_default();
        let list: String = checks::causes().map(|cause| format!("{:<width$}  {}\n", cause.code, cause.title)).collect();
        return print(list.as_bytes());
    };
    match checks::cause(code) {
        Some(cause) => {
            let text = textwrap::fill(cause.explanation, 80);
            print(format!("{}: {}\n\n{text}\n", cause.code, cause.title).as_bytes())
        }
        None => complain(&format!("there is no code {code:?}; irsa-probe explain lists all")),
    }
}
