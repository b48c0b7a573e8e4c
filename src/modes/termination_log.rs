//! The file whose content becomes a container's termination message.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "it is a file"))]

use crate::diagnosis::report::Report;
use crate::probe::rootfs;
use crate::render::termination;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the kubelet reads the message unless the pod says otherwise (`terminationMessagePath`).
pub(crate) const DEFAULT: &str = "/dev/termination-log";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TerminationLog {
    /// [`DEFAULT`], if it exists: outside of a pod it does not.
    InPod,
    At(PathBuf),
    None,
}

impl TerminationLog {
    /// Writes how the run ended. In place: the kubelet mounts a file, onto which nothing can be renamed. A failure to
    /// write is logged and changes nothing else.
    pub(crate) fn write(&self, report: &Report) {
        let path = match self {
            Self::InPod => Path::new(DEFAULT),
            Self::At(path) => path,
            Self::None => return,
        };
        // The default is never created. Where it is not, nothing is rendered.
        let opened = rootfs::replace_regular(path, matches!(self, Self::At(_)));
        let written = opened.and_then(|mut file| file.write_all(termination::render(report).as_bytes()));
        match written {
            Err(error) if *self == Self::InPod && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("cannot write the termination message to {}: {error}", path.display()),
            Ok(()) => {}
        }
    }
}

impl std::str::FromStr for TerminationLog {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "none" => Self::None,
            DEFAULT => Self::InPod,
            path => Self::At(path.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_longer_message_is_replaced_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("termination-log");
        std::fs::write(&path, "x".repeat(4096)).unwrap();
        let handle = std::fs::File::open(&path).unwrap();
        TerminationLog::At(path).write(&sample::refused());
        let text = std::io::read_to_string(handle).unwrap();
        assert!(text.starts_with("irsa-probe: BROKEN not-authorized") && !text.contains("xxx"), "{text}");
    }
}
