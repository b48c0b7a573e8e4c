//! Findings grouped by fault, with all objects that have it.

use super::finding::ObjectFinding;
use super::workload::Workload;
use crate::causes::Finding;
use std::collections::{BTreeMap, BTreeSet};

/// The findings of one fault. Either all are about pods or none is.
pub(crate) struct Group<'a> {
    /// The first of `findings`.
    pub first: &'a ObjectFinding,
    pub findings: Vec<&'a ObjectFinding>,
}

/// Groups in the order of their first findings.
pub(crate) fn groups(findings: &[ObjectFinding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut indices = BTreeMap::new();
    for finding in findings {
        let Finding { cause, severity, advice, .. } = &finding.finding;
        let key = (cause.code, *severity, advice.word(), finding.pod.is_some());
        let index = *indices.entry(key).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { first: finding, findings: vec![finding] }),
        }
    }
    groups
}

impl<'a> Group<'a> {
    /// The workloads whose pods have the fault, and the number of pods of each.
    pub(crate) fn workloads(&self) -> BTreeMap<&'a Workload, usize> {
        let mut pods: BTreeMap<&Workload, BTreeSet<&str>> = BTreeMap::new();
        for one in self.findings.iter().filter_map(|finding| finding.pod.as_ref()) {
            pods.entry(&one.workload).or_default().insert(&one.pod);
        }
        pods.into_iter().map(|(workload, pods)| (workload, pods.len())).collect()
    }

    /// The fixes of all findings, each once, with their commands.
    pub(crate) fn fixes(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut fixes: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut indices = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for fix in self.findings.iter().map(|finding| finding.fix()) {
            let index = *indices.entry(fix.text.as_str()).or_insert(fixes.len());
            if index == fixes.len() {
                fixes.push((&fix.text, Vec::new()));
            }
            let new = fix.commands.iter().map(String::as_str).filter(|command| seen.insert((index, *command)));
            fixes[index].1.extend(new);
        }
        fixes
    }
}
