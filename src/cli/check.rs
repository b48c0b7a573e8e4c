//! `irsa-probe [check]`: one run.

use super::out::{complain, print_rendered};
use super::{ReportOptions, RunOptions, TerminationOptions, block_on};
use crate::diagnosis::report::{Mode, exit};
use crate::documents::Documents;
use crate::modes::run::probe;
use crate::probe::collect::{IssuerCheck, Options, processes};
use crate::probe::evidence::{Expectations, Mechanism};
use crate::probe::subject::Subject;
use clap::Args;
use std::ffi::OsString;
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;

/// What a pod has memory for: a pod, its service account and its role are far smaller. `audit` reads more.
const MAX_DOCUMENTS: u64 = 8 << 20;

pub(super) const EXAMPLES: &str = "Examples:
  irsa-probe check
  irsa-probe check --expect-service-account payments/checkout
  \
                            irsa-probe check --output json | jq .findings
  irsa-probe check --document role.json       \
                            with the output of aws iam get-role
  kubectl exec deploy/checkout -- irsa-probe check
  \
                            irsa-probe check --target-pid 1             an application, from a debug container
  \
                            irsa-probe check --all-processes            a report for each kind of process";

#[derive(Args)]
pub(super) struct CheckOptions {
    #[command(flatten)]
    run: RunOptions,
    /// Check this process instead of the probe itself; auto finds the application [default: auto if the probe has no
    /// variables of IRSA or EKS Pod Identity, else none]
    #[arg(long, value_name = "PID|auto|none", env = "IRSA_PROBE_TARGET_PID", conflicts_with = "all_processes")]
    target_pid: Option<TargetPid>,
    /// Check one process for each combination of user and IRSA variables
    #[arg(long, env = "IRSA_PROBE_ALL_PROCESSES", value_parser = clap::builder::FalseyValueParser::new())]
    all_processes: bool,
    /// Container of the pod whose variables and mounts this container has; debug-profile sets it
    #[arg(long, value_name = "NAME", env = "IRSA_PROBE_AS_CONTAINER")]
    as_container: Option<String>,
    /// Judge this document together with the checks (see irsa-probe audit); repeatable, 8 MiB in all
    #[arg(long, value_name = "FILE", env = "IRSA_PROBE_DOCUMENT")]
    document: Vec<OsString>,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    termination: TerminationOptions,
}

/// Which process to inspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TargetPid {
    None,
    Auto,
    Pid(u32),
}

impl FromStr for TargetPid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("none", _) => Ok(Self::None),
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(pid)) if pid > 0 => Ok(Self::Pid(pid)),
            _ => Err("must be a process ID, auto or none".to_owned()),
        }
    }
}

pub(super) fn run(options: &CheckOptions) -> u8 {
    if let Some(why) = options.run.contradiction() {
        return complain(why);
    }
    let subjects = match options.subjects() {
        Ok(subjects) => subjects,
        Err(why) => return complain(&why),
    };
    let documents = match options.documents() {
        Ok(documents) => documents,
        Err(why) => return complain(&why),
    };
    for why in &documents.unusable {
        complain(why);
    }
    let mut worst = exit::WORKS;
    for subject in &subjects {
        let report = match block_on(probe(subject, &options.options(), Mode::Check)) {
            Ok(report) if documents.recognised.is_empty() => report,
            Ok(report) => crate::documents::audit::with_documents(report, &documents),
            Err(code) => return code,
        };
        options.termination.termination_log.write(&report);
        print_rendered(&options.report.render(&report));
        worst = exit::worse(worst, report.exit_code);
    }
    worst
}

impl CheckOptions {
    fn options(&self) -> Options {
        let mut options = self.run.options(Mode::Check);
        options.expected.as_container.clone_from(&self.as_container);
        options
    }

    /// Reads the documents, within the time that a run has: who writes them may never come to an end.
    fn documents(&self) -> Result<Documents, String> {
        let (files, limit) = (self.document.clone(), self.run.run_timeout);
        if files.is_empty() {
            return Ok(Documents::default());
        }
        let (sender, receiver) = mpsc::channel();
        // Whoever waits no longer has no use for the answer.
        let read = move || drop(sender.send(super::audit::read(&files, Some(MAX_DOCUMENTS))));
        thread::Builder::new().spawn(read).map_err(|error| format!("cannot start a thread: {error}"))?;
        receiver.recv_timeout(limit).unwrap_or_else(|_| {
            Err(format!("the documents could not be read within {} (--run-timeout)", humantime::format_duration(limit)))
        })
    }

    /// Whom to inspect: one process, or one of each kind.
    fn subjects(&self) -> Result<Vec<Subject>, String> {
        if self.all_processes {
            let mut subjects = processes::groups();
            subjects.iter_mut().for_each(|subject| self.run.adjust(subject));
            return if subjects.is_empty() { Err("no other process is visible".to_owned()) } else { Ok(subjects) };
        }
        let this = self.run.subject();
        let application = match self.target_pid {
            Some(TargetPid::None) => None,
            Some(TargetPid::Pid(pid)) if pid == this.identity.pid => None,
            Some(TargetPid::Pid(pid)) => Some(Subject::process(pid)?),
            None if this.variables.has_some_identity() => None,
            // One that ends before it is inspected was not the application.
            Some(TargetPid::Auto) | None => (0..3).find_map(|_| Subject::process(processes::application()?).ok()),
        };
        let Some(mut subject) = application.filter(|subject| subject.identity.pid != this.identity.pid) else {
            return Ok(vec![this]);
        };
        processes::acquaint(&mut subject);
        self.run.adjust(&mut subject);
        Ok(vec![subject])
    }
}

impl RunOptions {
    /// Why the options contradict each other.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        let is_profile = self.identity == Some(Mechanism::IrsaProfile);
        (is_profile && (self.role_arn.is_some() || self.token_file.is_some())).then_some(
            "--identity irsa-profile checks the role and the token file of the profile: remove --role-arn and --token-file, \
             or use --identity irsa",
        )
    }

    /// This process, with what the options put in place of its variables.
    pub(super) fn subject(&self) -> Subject {
        let mut subject = Subject::this_process();
        self.adjust(&mut subject);
        // What is typed is meant from here. A variable that is relative is a finding.
        let typed = self.token_file.as_ref().and_then(|path| subject.absolute(path).ok());
        if let Some(path) = typed {
            subject.variables.set(self.token_variable(), path);
        }
        subject
    }

    /// Puts what the options say in place of a subject's variables.
    fn adjust(&self, subject: &mut Subject) {
        let variables = &mut subject.variables;
        if let Some(arn) = &self.role_arn {
            variables.set("AWS_ROLE_ARN", arn);
        }
        if let Some(path) = &self.token_file {
            variables.set(self.token_variable(), path);
        }
        if let Some(region) = &self.region {
            variables.set("AWS_REGION", region);
        }
    }

    fn token_variable(&self) -> &'static str {
        self.identity.unwrap_or(Mechanism::Irsa).token_variable()
    }

    pub(super) fn options(&self, mode: Mode) -> Options {
        let checks = mode == Mode::Check;
        let issuer_check = if checks { IssuerCheck::Auto } else { IssuerCheck::Never };
        Options {
            issuer_check: self.issuer_check.unwrap_or(issuer_check),
            imds: checks && !self.no_imds,
            run_timeout: self.run_timeout,
            expected: Expectations {
                mechanism: self.identity,
                by_options: self.role_arn.is_some() || self.token_file.is_some(),
                service_account: self.expect_service_account.clone(),
                if_configured: self.if_configured,
                no_sts: self.no_sts,
                in_pod_spec: !checks,
                as_container: None,
            },
        }
    }
}
