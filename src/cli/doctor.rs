//! `irsa-probe doctor`: runs kubectl and aws, and names the cause.

use super::out::{complain, print, print_rendered_aside};
use super::output::{Color, PageOutput};
use super::{block_on, debug_container};
use crate::diagnosis::report::exit;
use crate::documents::Needs;
use crate::modes::doctor::{Debug, Fault, Progress, Scope, Settings, Target, Tools, examine, is_name, plan};
use crate::render;
use crate::text::printable::{Notation, printable};
use clap::Args;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "\
Examples:
  irsa-probe doctor -n payments pod/checkout-0
  irsa-probe doctor -n payments deployment/checkout --profile prod
  irsa-probe doctor -A                           every pod of the cluster
  irsa-probe doctor --dry-run pod/checkout-0     print the commands, run none
  irsa-probe doctor pod/checkout-0 --can s3:GetObject --on 'arn:aws:s3:::receipts/*'

Exit codes:
  0  no fault                          3  undetermined: a question has no answer
  1  fix the configuration             4  fix it, then recreate the pod
  2  usage error";

#[derive(Args)]
pub(super) struct DoctorOptions {
    /// KIND/NAME: a pod, serviceaccount, deployment, statefulset, daemonset, replicaset, job or cronjob [default: the
    /// whole namespace]
    #[arg(value_name = "TARGET")]
    target: Option<Target>,
    /// Namespace of the target [default: that of kubectl's context]
    #[arg(long, short, value_name = "NAMESPACE", env = "IRSA_PROBE_NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,
    /// Look at every namespace
    #[arg(long, short = 'A', env = "IRSA_PROBE_ALL_NAMESPACES", value_parser = clap::builder::FalseyValueParser::new(), conflicts_with_all = ["namespace", "target"])]
    all_namespaces: bool,
    /// Action that the target's role must be allowed, such as s3:GetObject; repeat it for more
    #[arg(long, value_name = "ACTION", env = "IRSA_PROBE_CAN", requires = "target", value_parser = action)]
    can: Vec<String>,
    /// ARN of a resource on which each --can must be allowed, or * for all; repeat it for more
    #[arg(long, value_name = "RESOURCE", env = "IRSA_PROBE_ON", requires = "can", value_parser = resource)]
    on: Vec<String>,
    /// Run the probe in a pod of the target too: adds an ephemeral container to the pod, which stays as long as the pod does
    #[arg(long, env = "IRSA_PROBE_DEBUG", value_parser = clap::builder::FalseyValueParser::new(), requires = "target", requires = "image")]
    debug: bool,
    /// Image of the probe for --debug, from a registry that the nodes can pull from
    #[arg(long, value_name = "IMAGE", env = "IRSA_PROBE_IMAGE")]
    image: Option<String>,
    /// Context for kubectl
    #[arg(long, value_name = "NAME", env = "IRSA_PROBE_CONTEXT")]
    context: Option<String>,
    /// Configuration file for kubectl
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_KUBECONFIG")]
    kubeconfig: Option<OsString>,
    /// Profile for aws; it must lead to the account of the role
    #[arg(long, value_name = "NAME", env = "IRSA_PROBE_PROFILE")]
    profile: Option<String>,
    /// Region for aws
    #[arg(long, value_name = "REGION", env = "IRSA_PROBE_REGION")]
    region: Option<String>,
    /// kubectl to run
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_KUBECTL", default_value = "kubectl")]
    kubectl: OsString,
    /// aws CLI to run
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_AWS", default_value = "aws")]
    aws: OsString,
    /// Give up after this long, and report what is known
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_TIMEOUT", default_value = "2m", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Keep what the commands print in this new directory, which irsa-probe audit reads: without values of variables that
    /// no audit needs
    #[arg(long, value_name = "DIR", env = "IRSA_PROBE_SAVE")]
    save: Option<PathBuf>,
    /// Print the commands, and run none
    #[arg(long, env = "IRSA_PROBE_DRY_RUN", value_parser = clap::builder::FalseyValueParser::new())]
    dry_run: bool,
    /// Show no progress on standard error
    #[arg(long, short, env = "IRSA_PROBE_QUIET", value_parser = clap::builder::FalseyValueParser::new())]
    quiet: bool,
    #[arg(long, env = "IRSA_PROBE_OUTPUT", value_enum, default_value = "text")]
    output: PageOutput,
    /// Use colour: auto means on a terminal, unless NO_COLOR is set
    #[arg(long, env = "IRSA_PROBE_COLOR", value_enum, default_value = "auto")]
    color: Color,
}

pub(super) fn run(options: &DoctorOptions) -> u8 {
    let settings = options.settings();
    if options.dry_run {
        print(dry_run(&settings), Notation::Text);
        return exit::WORKS;
    }
    let on_terminal = std::io::stderr().is_terminal();
    let show = |progress: &Progress<'_>| {
        if let Some(line) = line(progress, on_terminal).filter(|_| !options.quiet) {
            print_rendered_aside(&line);
        }
    };
    let examined = match block_on(examine(&settings, &show)) {
        Ok(Ok(examined)) => examined,
        Ok(Err(Fault::NoTarget(said))) => return complain(&said),
        Ok(Err(Fault::CannotStart(why))) => return complain(&why),
        Ok(Err(Fault::Ended(signal))) => {
            complain(&format!("{signal}: nothing was decided"));
            return exit::UNDETERMINED;
        }
        Err(code) => return code,
    };
    let (audit, documents) = (examined.audit, examined.documents);
    if let (Some(directory), Some(why)) = (&options.save, examined.unsaved) {
        complain(&format!("{} is not complete, so irsa-probe audit does not read it: {why}", directory.display()));
    }
    let colour = options.color.on_this_terminal();
    let text = || (render::audit::answer(&audit, &documents, colour), colour.notation());
    let (text, notation) = options.output.render(&audit, &documents, text);
    print(text, notation);
    audit.exit_code()
}

impl DoctorOptions {
    fn settings(&self) -> Settings {
        let scope = match &self.namespace {
            _ if self.all_namespaces => Scope::All,
            Some(name) => Scope::Namespace(name.clone()),
            None => Scope::Current,
        };
        let tools = Tools {
            kubectl: self.kubectl.clone(),
            aws: self.aws.clone(),
            context: self.context.clone(),
            kubeconfig: self.kubeconfig.clone(),
            profile: self.profile.clone(),
            region: self.region.clone(),
        };
        let needs = Needs { actions: self.can.clone(), resources: self.on.clone() };
        let image = self.image.clone().filter(|_| self.debug);
        Settings {
            target: self.target.clone(),
            scope,
            needs,
            debug: image.map(|image| Debug { image, container: debug_container() }),
            tools,
            timeout: self.timeout,
            save: self.save.clone(),
        }
    }
}

fn dry_run(settings: &Settings) -> String {
    let (first, then) = plan(settings);
    let list = |commands: Vec<String>| commands.iter().map(|one| format!("  {}\n", printable(one))).collect::<String>();
    format!("First:\n{}Then what the answers ask for, such as:\n{}", list(first), list(then))
}

/// One line for each command that ended. A terminal shows in its last line what runs.
fn line(progress: &Progress<'_>, on_terminal: bool) -> Option<String> {
    let clear = if on_terminal { "\r\u{1b}[K" } else { "" };
    let done = |command: &str, what: &str| Some(format!("{clear}  {} ... {what}\n", printable(command)));
    match progress {
        Progress::Running(commands) => {
            let first = commands.first().filter(|_| on_terminal)?;
            let more = if commands.len() > 1 { format!(" and {} more", commands.len() - 1) } else { String::new() };
            // No wider than a terminal, or the line could not be cleared.
            let shown: String = printable(first).chars().take(60).collect();
            Some(format!("{clear}  {shown}{more}"))
        }
        Progress::Answered(command) => done(command, "ok"),
        Progress::Absent(command) => done(command, "does not exist"),
        Progress::Failed(command, failure) => done(command, failure.short),
    }
}

fn namespace(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err("must be the name of a namespace".to_owned()) }
}

/// Source: `ActionNames` of `SimulatePrincipalPolicy`: with the service, and without wildcards.
fn action(text: &str) -> Result<String, String> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text.split_once(':') {
        Some((service, name)) if is_word(service) && is_word(name) => Ok(text.to_owned()),
        _ => Err("must be SERVICE:ACTION without wildcards, such as s3:GetObject".to_owned()),
    }
}

fn resource(text: &str) -> Result<String, String> {
    let is_arn = text.starts_with("arn:") && text.split(':').count() >= 6 && !text.contains("://");
    if is_arn || text == "*" { Ok(text.to_owned()) } else { Err("must be an ARN, or *".to_owned()) }
}
