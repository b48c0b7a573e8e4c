//! What the commands printed, in files that `audit` reads again.

use crate::documents::audit::Command;
use crate::documents::{Asked, Documents};
use crate::text::redact;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The first file of a directory, written last: with it the directory is complete.
pub(crate) const QUESTION: &str = "00-question.json";

/// A directory of its own.
pub(super) struct Saved {
    directory: PathBuf,
    files: usize,
}

/// How the output of a command is read.
pub(super) struct Reader {
    /// What complaints call it.
    pub source: String,
    pub copy: Option<Copy>,
}

/// The file of a command's output.
pub(super) struct Copy {
    path: PathBuf,
    /// The kind of a list without items.
    empty: Option<&'static str>,
}

impl Saved {
    pub(super) fn new(directory: PathBuf) -> Saved {
        Saved { directory, files: 0 }
    }

    pub(super) fn next(&mut self, command: &Command) -> Copy {
        let is_of_webhooks = command.words().iter().any(|word| word == "mutatingwebhookconfigurations");
        Copy { path: self.file(command), empty: is_of_webhooks.then_some("MutatingWebhookConfigurationList") }
    }

    /// What an object that does not exist is called in the error.
    pub(super) fn keep_error(&mut self, command: &Command, said: &str) {
        let path = self.file(command);
        let _ = create(&path).and_then(|mut file| file.write_all(redact::scrub(said.trim_start()).as_bytes()));
    }

    pub(super) fn keep_question(&self, asked: &Asked) {
        let text = serde_json::to_string(asked).unwrap_or_default();
        let _ = create(&self.directory.join(QUESTION)).and_then(|mut file| file.write_all(text.as_bytes()));
    }

    /// `07-aws-iam-get-role.json`.
    fn file(&mut self, command: &Command) -> PathBuf {
        self.files += 1;
        let words: Vec<&str> = command.words().iter().take(3).map(String::as_str).collect();
        self.directory.join(format!("{:02}-{}.json", self.files, words.join("-").replace("--", "")))
    }
}

impl Reader {
    /// # Errors
    /// The output could not be read, or the copy not written.
    pub(super) fn read(&self, output: &mut dyn Read) -> io::Result<Documents> {
        let mut documents = Documents::default();
        match &self.copy {
            None => documents.read_from(&self.source, output)?,
            Some(copy) => {
                let mut file = BufWriter::new(create(&copy.path)?);
                documents.read_and_copy(&self.source, output, &mut file, copy.empty)?;
                file.flush()?;
            }
        }
        Ok(documents)
    }

    /// What a command printed before it failed is no answer.
    pub(super) fn discard(&self) {
        if let Some(copy) = &self.copy {
            let _ = std::fs::remove_file(&copy.path);
        }
    }
}

fn create(path: &Path) -> io::Result<std::fs::File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
