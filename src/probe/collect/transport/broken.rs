//! The error of a connection that failed.

use aws_smithy_runtime_api::client::result::ConnectorError;
use std::fmt;

/// No answer came; the log's [`Dial`] says why.
#[derive(Debug)]
pub(crate) struct Broken {
    retry: bool,
}

impl Broken {
    pub(super) fn worth_retrying(retry: bool) -> Self {
        Self { retry }
    }

    /// The SDK retries io errors and leaves the user's alone.
    pub(super) fn for_the_sdk(self) -> ConnectorError {
        match self.retry {
            true => ConnectorError::io(self.into()),
            false => ConnectorError::user(self.into()),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer came")
    }
}

impl std::error::Error for Broken {}
