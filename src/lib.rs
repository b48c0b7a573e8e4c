//! Does this pod have its AWS role, and if not, exactly why, and what fixes it?
//!
//! Two flows, one body of knowledge:
//!
//! ```text
//! in the pod       subject -> probe (the only I/O) -> Evidence --+
//!                                                                +-> causes (pure) -> Report -> render (pure)
//! from the laptop  kubectl, aws, pasted text -> documents -------+
//! ```
//!
//! | room | holds |
//! | --- | --- |
//! | [`cli`] | arguments to a command, one file per command |
//! | [`modes`] | one run, `wait`, `serve`, `ping`, `doctor`, and what they share: schedule, log, termination message, signals |
//! | [`documents`] | what kubectl and aws print, and what is judged by it: audit, trust policies, debug containers |
//! | [`explain`] | a pasted error text to ranked causes |
//! | [`diagnosis`] | the verdict: which cause the evidence shows, what STS answered, how a connection failed |
//! | [`causes`] | one fault, one file: its code, texts, sayings, judge and fix; [`causes::Facts`], which they rank by |
//! | [`probe`] | what can be seen in a pod: whose view, the reading itself, the evidence; what each AWS SDK does there |
//! | [`aws`] | ARNs, partitions, issuers, the rules of the webhook and of EKS Pod Identity |
//! | [`text`] | values on their way in and out: secrets, printable text, times |
//! | [`render`] | a report as text, JSON, metrics, HTML, termination message |
//!
//! Start with [`probe::evidence`] (what can be known), then one file of [`causes`] (a fault), then
//! [`diagnosis::report`] (verdict and exit code). Everything that judges is a pure function: a lint (`clippy.toml`) keeps
//! files, variables, clock and network out of it.

// Only what main, tests and examples use is public.
#![warn(unreachable_pub)]
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, unused_imports, reason = "what judges a pod is called by what runs in one")
)]
// A fuzz target reads one kind of input. Without the commands there is half as much to instrument.
#![cfg_attr(fuzzing, allow(dead_code, unused_imports, reason = "no command is compiled"))]
#![allow(rustdoc::private_intra_doc_links, reason = "who reads these pages has the code beside them")]

pub mod aws;
pub mod causes;
#[cfg(not(fuzzing))]
pub mod cli;
pub mod diagnosis;
pub mod documents;
pub mod explain;
#[cfg(any(test, fuzzing))]
pub mod inputs;
#[cfg(not(fuzzing))]
pub mod modes;
pub mod probe;
pub mod render;
pub mod text;
