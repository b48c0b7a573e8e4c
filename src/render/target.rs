//! The process that the probe checked instead of its own.

use crate::probe::evidence::{Evidence, Identity, SdkScan, Seen, Target};
use serde::Serialize;

/// An image can hold hundreds of copies; JSON has them all.
const MAX_NAMES: usize = 8;

/// The process, for the first screen.
pub(super) fn line(evidence: &Evidence) -> Option<(&'static str, String)> {
    let target = evidence.target.as_ref()?;
    let Identity { pid, uid, gid, .. } = &evidence.identity;
    let container = evidence
        .pod_context
        .container
        .as_ref()
        .map(|container| format!(", container {}", container.name))
        .unwrap_or_default();
    Some(("process", format!("{pid} ({}), uid {uid}, gid {gid}{container}", target.command)))
}

/// Its image and SDKs, for `--verbose`.
pub(super) fn details(evidence: &Evidence) -> Vec<(&'static str, String)> {
    let Some(target) = &evidence.target else { return Vec::new() };
    let mut lines = Vec::new();
    if target.variables.access_barrier().is_none() {
        lines.push(("image", image(target)));
    }
    if let Some(scan) = target.sdks.seen() {
        lines.push(("SDKs", sdks(scan)));
    }
    lines
}

fn image(target: &Target) -> String {
    let image = &target.image;
    let mut facts = vec![match &image.ca_bundle {
        Some(path) => format!("CA bundle {path}"),
        None => "no CA bundle in any of the usual places".to_owned(),
    }];
    facts.extend(image.time_zone.as_ref().map(|zone| format!("time zone {zone}")));
    if image.resolves_as_we_do == Some(false) {
        let servers = image.name_servers.join(", ");
        facts.push(format!("its own /etc/resolv.conf ({servers}), which lookups used"));
    }
    facts.join(", ")
}

fn sdks(scan: &SdkScan) -> String {
    let mut names: Vec<String> = scan
        .sdks
        .iter()
        .map(|sdk| format!("{} {}", sdk.kind.name(), sdk.version.as_deref().unwrap_or("(version unknown)")))
        .collect();
    names.dedup();
    if names.len() > MAX_NAMES {
        let more = names.len() - MAX_NAMES;
        names.truncate(MAX_NAMES);
        names.push(format!("and {more} more"));
    }
    let mut line = if names.is_empty() { "none found".to_owned() } else { names.join(", ") };
    if let Some(why) = scan.cut_short {
        line += &format!("; the search stopped early because {why}");
    }
    if scan.unreadable > 0 {
        line += &format!("; {} places could not be opened", scan.unreadable);
    }
    line
}

#[derive(Serialize)]
pub(super) struct TargetV1<'a> {
    pid: u32,
    uid: u32,
    gid: u32,
    groups: &'a [u32],
    command: &'a str,
    container: Option<&'a str>,
    /// Whether its own variables were judged.
    environment_read: bool,
    token_mounts: &'a [String],
    ca_bundle: Option<&'a str>,
    time_zone: Option<&'a str>,
    name_servers: &'a [String],
    resolves_as_the_probe: Option<bool>,
    sdks: Vec<SdkV1<'a>>,
    /// Why there may be more SDKs than were found.
    sdks_incomplete: Option<&'a str>,
}

#[derive(Serialize)]
struct SdkV1<'a> {
    name: &'static str,
    version: Option<&'a str>,
    path: &'a str,
    sts_module: Option<bool>,
}

pub(super) fn json(evidence: &Evidence) -> Option<TargetV1<'_>> {
    let target = evidence.target.as_ref()?;
    let identity = &evidence.identity;
    let scan = target.sdks.seen();
    let sdks = scan.map_or(&[][..], |scan| &scan.sdks).iter().map(|sdk| SdkV1 {
        name: sdk.kind.name(),
        version: sdk.version.as_deref(),
        path: &sdk.path,
        sts_module: sdk.has_sts_module,
    });
    Some(TargetV1 {
        pid: identity.pid,
        uid: identity.uid,
        gid: identity.gid,
        groups: &identity.groups,
        command: &target.command,
        container: evidence.pod_context.container.as_ref().map(|container| container.name.as_str()),
        environment_read: target.variables.access_barrier().is_none(),
        token_mounts: target.token_mounts.seen().map_or(&[], Vec::as_slice),
        ca_bundle: target.image.ca_bundle.as_deref(),
        time_zone: target.image.time_zone.as_deref(),
        name_servers: &target.image.name_servers,
        resolves_as_the_probe: target.image.resolves_as_we_do,
        sdks: sdks.collect(),
        sdks_incomplete: match &target.sdks {
            Seen::Seen(scan) => scan.cut_short,
            Seen::NotChecked(why) | Seen::Failed(why) => Some(why),
        },
    })
}
