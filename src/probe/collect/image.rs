//! The files of another process's image that decide how it reaches STS.

use super::{SYSTEM_BUNDLES, resolver, rootfs};
use crate::probe::evidence::Image;
use crate::probe::subject::Subject;
use std::path::Path;

/// Empty if the process's files cannot be read.
pub(super) fn collect(subject: &Subject) -> Image {
    let is_readable = subject.target.as_ref().is_some_and(|target| target.variables.access_barrier().is_none());
    if !is_readable {
        return Image::default();
    }
    let (root, variables) = (subject.root.as_path(), &subject.variables);
    let names = resolver::configuration(root, variables);
    let named = Some(&names).filter(|names| !names.is_missing);
    let is_there = |path: &&&str| rootfs::open_regular(root, Path::new(path)).is_ok();
    let localtime = || {
        let etc = rootfs::open_directory(root, Path::new("/etc")).ok()?;
        let target = nix::fcntl::readlinkat(&etc, "localtime").ok()?;
        Some(target.to_string_lossy().split_once("zoneinfo/")?.1.to_owned())
    };
    Image {
        ca_bundle: SYSTEM_BUNDLES.iter().find(is_there).map(|path| (*path).to_owned()),
        time_zone: variables.filled("TZ").map(str::to_owned).or_else(localtime),
        name_servers: named
            .into_iter()
            .flat_map(|names| &names.servers)
            .map(|server| server.ip().to_string())
            .collect(),
        resolves_as_we_do: named.map(|names| resolver::configuration(Path::new("/"), variables) == *names),
    }
}
