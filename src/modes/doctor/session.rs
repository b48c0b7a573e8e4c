//! What has been asked so far, and what came of it.

mod answer;
mod caller;
mod cluster;
mod debug;

use super::process;
use super::save::Saved;
use super::{Examined, Progress, Scope, Settings, allowed, target};
use crate::documents::audit::{Audit, Command, Context, Open, Subject, audit};
use crate::documents::{Asked, Documents};
use crate::modes::clock::now;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Commands that run side by side.
const SIDE_BY_SIDE: usize = 6;
/// A command that prints one object.
const OBJECT_LIMIT: Duration = Duration::from_secs(10);
/// A command that prints a list: 10,000 pods are more than 100 MB.
const LIST_LIMIT: Duration = Duration::from_secs(60);

/// Why there is no answer, as the report says it.
type Why = String;

pub(super) struct Session<'s> {
    settings: &'s Settings,
    show: &'s dyn Fn(&Progress<'_>),
    began: Instant,
    subject: Subject,
    documents: Documents,
    /// What the running commands have printed, in the order in which they began. The order in which they end differs from
    /// run to run, and the report must not.
    answers: BTreeMap<usize, Documents>,
    /// Commands that ran or were refused, with the account they were meant for. `None`: it was answered.
    tried: HashMap<(Command, Option<String>), Option<Why>>,
    /// The commands that listed the target, and what became of them.
    first: Vec<Open>,
    /// Why a program cannot answer anything.
    stopped: HashMap<String, Why>,
    caller: Option<Result<String, Why>>,
    pods_listed: bool,
    missing: Option<String>,
    saved: Option<Saved>,
    /// Why a file of it could not be written.
    unsaved: Option<String>,
    /// Whether a debug container was tried, and the question that it left open.
    debugged: Option<Option<Open>>,
}

impl<'s> Session<'s> {
    pub(super) fn new(settings: &'s Settings, show: &'s dyn Fn(&Progress<'_>)) -> Self {
        Session {
            settings,
            show,
            began: Instant::now(),
            subject: Subject::of(&settings.asked(None)),
            documents: Documents::default(),
            answers: BTreeMap::new(),
            tried: HashMap::new(),
            first: Vec::new(),
            stopped: HashMap::new(),
            caller: None,
            pods_listed: false,
            missing: None,
            saved: settings.save.clone().map(Saved::new),
            unsaved: None,
            debugged: None,
        }
    }

    /// Reads the target and its pods.
    pub(super) async fn begin(&mut self, commands: Vec<Command>) {
        let question = match &self.settings.target {
            Some(_) => "what does the target look like",
            None => "which pods and service accounts are there",
        };
        let open = |command| Open { question: question.to_owned(), command, account: None, decides: true, why: None };
        self.first = commands.into_iter().map(open).collect();
        self.ask(self.first.clone()).await;
    }

    /// kubectl's words, if the target does not exist.
    pub(super) fn missing_target(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// Whether no command has given an answer.
    pub(super) fn has_nothing(&self) -> bool {
        self.tried.values().all(Option::is_some)
    }

    pub(super) fn judge(&self) -> Audit {
        let account = self.caller.as_ref().and_then(|caller| caller.as_deref().ok());
        let concern = self.subject.concern();
        let needs = Some(&self.settings.needs);
        let mut audit = audit(&self.documents, Context { account, concern, needs, ..Context::at(now()) });
        let of_cluster = self.cluster_question(&audit);
        audit.open.extend(of_cluster);
        audit.open.extend(self.debugged.clone().flatten());
        // What the whole cluster would answer was not asked.
        let is_wider = |one: &Open| one.command.words().iter().any(|word| word == "-A");
        audit.open.retain(|one| self.settings.scope == Scope::All || !is_wider(one));
        audit
    }

    /// What is to be asked next: first about the identity, then about what its role may do.
    pub(super) fn not_tried(&self, audit: &Audit) -> Vec<Open> {
        let is_new = |one: &&Open| one.why.is_none() && !self.tried.contains_key(&key(one));
        let new = audit.open.iter().filter(is_new).cloned();
        let (last, first): (Vec<_>, Vec<_>) = new.partition(|one| allowed::is_simulation(&one.command));
        if first.is_empty() { last } else { first }
    }

    /// With the reason beside each question that is left, and its command as the user would type it.
    pub(super) fn end(mut self, mut audit: Audit) -> Examined {
        let has_nothing = self.has_nothing();
        let failed = self.first.iter().filter(|one| self.tried.get(&key(one)).is_some_and(Option::is_some));
        // What a target leads to can be asked only about a target that is known.
        let further = if has_nothing { Vec::new() } else { audit.open };
        audit.open = failed.cloned().chain(further).collect();
        for one in &mut audit.open {
            let tried = self.tried.get(&key(one)).cloned().flatten().or(one.why.take());
            one.why = Some(tried.unwrap_or_else(|| "Its output does not answer this.".to_owned()));
            one.command = self.settings.tools.typed(&one.command);
        }
        for one in &mut audit.findings {
            for command in &mut one.finding.diagnosis.fix.commands {
                *command = self.settings.tools.in_line(command);
            }
        }
        audit.doctor = Some(self.settings.tools.typed(&Command::new("irsa-probe doctor")));
        audit.is_final = true;
        // A directory in which a file is missing is not marked as complete.
        if let (Some(saved), None) = (&self.saved, &self.unsaved) {
            let account = self.caller.as_ref().and_then(|caller| caller.as_deref().ok());
            let unanswered = Some(audit.open.iter().map(Open::saved).collect());
            let saved = saved.keep_question(&Asked { unanswered, ..self.settings.asked(account) });
            self.note_saved(saved);
        }
        Examined { documents: self.documents, audit, unsaved: self.unsaved }
    }

    /// Runs the commands, and keeps what they print.
    pub(super) async fn ask(&mut self, questions: Vec<Open>) {
        if questions.iter().any(|one| one.account.is_some() && allowed::is_allowed(&one.command)) {
            self.find_caller().await;
        }
        let mut waiting = VecDeque::new();
        for one in questions {
            match self.why_not(&one) {
                Some(why) => drop(self.tried.insert(key(&one), Some(why))),
                None => waiting.push_back(one),
            }
        }
        self.run(waiting).await;
        self.keep_subject();
    }

    /// Why a command is not run at all.
    fn why_not(&self, one: &Open) -> Option<Why> {
        if !allowed::is_allowed(&one.command) {
            return Some("This command is not one that doctor runs.".to_owned());
        }
        if let Some(why) = self.stopped.get(program(&one.command)) {
            return Some(why.clone());
        }
        if self.time_left().is_zero() {
            return Some("The time of --timeout was over before this command could run.".to_owned());
        }
        match (&one.account, self.caller.as_ref()?) {
            (Some(_), Err(why)) => Some(why.clone()),
            (Some(_), Ok(_)) => self.other_account(one).filter(|_| !is_of_one_role(&one.command)),
            _ => None,
        }
    }

    async fn run(&mut self, mut waiting: VecDeque<Open>) {
        let mut running = JoinSet::new();
        let mut names: Vec<String> = Vec::new();
        let mut begun = 0;
        loop {
            while running.len() < SIDE_BY_SIDE
                && let Some(one) = waiting.pop_front()
            {
                if let Some(why) = self.why_not(&one) {
                    self.tried.insert(key(&one), Some(why));
                    continue;
                }
                names.push(self.settings.tools.shown(&one.command));
                let (program, arguments) = self.settings.tools.invocation(&one.command);
                let (reader, limit) = (self.reader(&one.command), self.limit(&one.command));
                let number = begun;
                begun += 1;
                running.spawn(async move {
                    let ended = process::run(&program, &arguments, reader, limit).await;
                    (number, one, ended)
                });
            }
            if !names.is_empty() {
                (self.show)(&Progress::Running(&names));
            }
            let Some(done) = running.join_next().await else { break };
            let Ok((number, one, ended)) = done else { continue };
            names.retain(|name| *name != self.settings.tools.shown(&one.command));
            let why = match self.other_account(&one) {
                Some(why) => {
                    self.keep_namesake(number, &one.command, ended);
                    Some(why)
                }
                None => self.keep(number, &one.command, ended),
            };
            self.tried.insert(key(&one), why);
        }
        for documents in std::mem::take(&mut self.answers).into_values() {
            self.documents.absorb(documents);
        }
    }

    fn is_target(&self, command: &Command) -> bool {
        let target = self.settings.target.as_ref();
        target.is_some_and(|target| target::of_object(target, &self.settings.scope) == *command)
    }

    fn time_left(&self) -> Duration {
        self.settings.timeout.saturating_sub(self.began.elapsed())
    }

    /// The time that is left, or that the command may take.
    fn limit(&self, command: &Command) -> Duration {
        let is_list = |word: &String| word.starts_with("list-") || word.ends_with('s');
        self.time_left().min(if command.words().get(2).is_some_and(is_list) { LIST_LIMIT } else { OBJECT_LIMIT })
    }

    /// Drops the pods that were listed beside those of the target.
    fn keep_subject(&mut self) {
        let left = self.subject.keep(&mut self.documents);
        // The list was answered: no pod of the target is there.
        if self.pods_listed && left == 0 {
            self.documents.empty_lists = self.documents.empty_lists.max(1);
        }
    }
}

fn is_of_one_role(command: &Command) -> bool {
    command.words().get(2).is_some_and(|operation| operation == "get-role")
}

fn key(one: &Open) -> (Command, Option<String>) {
    (one.command.clone(), one.account.clone())
}

fn program(command: &Command) -> &str {
    command.words().first().map(String::as_str).unwrap_or_default()
}
