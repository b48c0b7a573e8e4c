//! `irsa-probe audit`: documents in, findings out.

use super::input;
use super::out::{complain, print};
use super::output::PageOutput;
use crate::documents::Documents;
use crate::documents::audit::{Context, Subject, audit};
use crate::render;
use crate::text::printable::Notation;
use clap::Args;
use std::ffi::OsString;
use std::io::Read;

pub(super) const EXAMPLES: &str = "Examples:
  kubectl get pod checkout-0 -n payments -o json | irsa-probe audit -
  \
                            irsa-probe audit pod.json serviceaccount.yaml role.json
  { kubectl get \
                            pods,serviceaccounts -n payments -o json
    kubectl get --raw \
                            /.well-known/openid-configuration
    aws iam get-role --role-name checkout --output json
    \
                            aws iam list-open-id-connect-providers --output json; } 2>&1 | irsa-probe audit -

Exit codes:
  0  no error                        3  undetermined: nothing here shows
  1  fix the configuration              whether anything works
  2  usage error; no error, but      4  a pod must be recreated as well
     some document could not be used";

#[derive(Args)]
pub(super) struct AuditOptions {
    /// JSON or YAML from kubectl, the aws CLI (--output json) or this program; `-` reads standard input, and a directory of
    /// doctor --save all of its files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    #[arg(long, env = "IRSA_PROBE_OUTPUT", value_enum, default_value = "text")]
    output: PageOutput,
}

pub(super) fn run(options: &AuditOptions) -> u8 {
    let files = options.files.iter().map(|path| input::files(path)).collect::<Result<Vec<_>, _>>();
    let mut documents = match files.and_then(|files| read(&files.concat(), None)) {
        Ok(documents) => documents,
        Err(what) => return complain(&what),
    };
    if documents.recognised.is_empty() {
        let unread = documents.unread.keys().map(|kind| format!("not read: {kind}"));
        return complain(&documents.unusable.into_iter().chain(unread).collect::<Vec<_>>().join("; "));
    }
    let now = crate::modes::clock::now();
    let asked = documents.asked.take();
    let context = match &asked {
        Some(asked) => {
            let subject = Subject::of(asked);
            subject.keep(&mut documents);
            let (account, concern) = (asked.account.as_deref(), subject.concern());
            Context { account, concern, needs: Some(&asked.needs), ..Context::at(now) }
        }
        None => Context::at(now),
    };
    let mut audit = audit(&documents, context);
    // A document beside the directory may hold an answer.
    if let (Some(unanswered), [_]) = (asked.and_then(|asked| asked.unanswered), &options.files[..]) {
        audit.close(unanswered);
    }
    let text = || (render::audit::text(&audit, &documents), Notation::Text);
    let (text, notation) = options.output.render(&audit, &documents, text);
    let exit_code = audit.exit_code();
    // Of a large cluster either is large; both together need not be held.
    drop((audit, documents));
    print(text, notation);
    exit_code
}

/// Reads every file, up to `limit` bytes in all.
///
/// # Errors
/// The first that cannot be read, or is too large.
pub(super) fn read(files: &[OsString], limit: Option<u64>) -> Result<Documents, String> {
    let mut documents = Documents::default();
    let mut left = limit.unwrap_or(u64::MAX);
    for file in files {
        let too_large = || {
            let limit = limit.unwrap_or_default() >> 20;
            format!("{} exceeds the limit of {limit} MiB for all documents: use irsa-probe audit", input::name(file))
        };
        if input::length(file) > left {
            return Err(too_large());
        }
        // One byte more shows that there is more.
        let mut text = input::open(file)?.take(left.saturating_add(1));
        documents.read_from(&input::name(file), &mut text).map_err(|error| input::cannot_read(file, &error))?;
        if text.limit() == 0 {
            return Err(too_large());
        }
        left = text.limit() - 1;
    }
    Ok(documents)
}
