//! What the commands printed, in files that `audit` reads again.

use super::system::create;
use crate::documents::audit::Command;
use crate::documents::{About, Asked, Documents};
use crate::text::redact;
use std::io::{self, BufWriter, Read, Write};
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
    pub about: About,
    /// The file that keeps it.
    pub copy: Option<PathBuf>,
}

/// What a command printed.
#[derive(Debug)]
pub(super) struct Answer {
    pub documents: Documents,
    /// Whether its file was written.
    pub saved: io::Result<()>,
}

impl Saved {
    pub(super) fn new(directory: PathBuf) -> Saved {
        Saved { directory, files: 0 }
    }

    /// What an object that does not exist is called in the error.
    ///
    /// # Errors
    /// The file could not be written.
    pub(super) fn keep_error(&mut self, command: &Command, said: &str) -> io::Result<()> {
        write(&self.file(command), &redact::scrub(said.trim_start()))
    }

    /// # Errors
    /// The file could not be written.
    pub(super) fn keep_question(&self, asked: &Asked) -> io::Result<()> {
        write(&self.directory.join(QUESTION), &serde_json::to_string(asked)?)
    }

    /// `07-aws-iam-get-role.json`.
    pub(super) fn file(&mut self, command: &Command) -> PathBuf {
        self.files += 1;
        let words: Vec<&str> = command.words().iter().take(3).map(String::as_str).collect();
        self.directory.join(format!("{:02}-{}.json", self.files, words.join("-").replace("--", "")))
    }
}

impl Reader {
    /// # Errors
    /// The output could not be read.
    pub(super) fn read(&self, output: &mut dyn Read) -> io::Result<Answer> {
        let mut documents = Documents::default();
        let saved = match self.copy.as_ref().map(|path| create(path)).transpose() {
            Ok(None) => documents.read_answer(&self.source, output, &self.about, None)?,
            Ok(Some(file)) => {
                let mut file = BufWriter::new(file);
                let written = documents.read_answer(&self.source, output, &self.about, Some(&mut file))?;
                written.and_then(|()| file.flush())
            }
            Err(error) => documents.read_answer(&self.source, output, &self.about, None)?.and(Err(error)),
        };
        Ok(Answer { documents, saved })
    }

    /// What a command printed before it failed is no answer.
    pub(super) fn discard(&self) {
        if let Some(path) = &self.copy {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    create(path)?.write_all(text.as_bytes())
}
