//! Findings as a reader wants them: one for each fault, with all that has it.

use super::Finding;
use super::workload::Workload;
use std::collections::{BTreeMap, BTreeSet};

/// Findings of one fault, either all of pods or none.
pub struct Group<'a> {
    /// The first of them, and the others.
    pub first: &'a Finding,
    pub findings: Vec<&'a Finding>,
}

/// Groups in the order of their first findings.
pub fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for finding in findings {
        let key = (finding.code, finding.severity, finding.advice.word(), finding.of.is_some());
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { first: finding, findings: vec![finding] }),
        }
    }
    groups
}

impl<'a> Group<'a> {
    /// The workloads whose pods have the fault, and how many pods of each do.
    pub fn workloads(&self) -> BTreeMap<&'a Workload, usize> {
        let mut pods: BTreeMap<&Workload, BTreeSet<&str>> = BTreeMap::new();
        for of in self.findings.iter().filter_map(|finding| finding.of.as_ref()) {
            pods.entry(&of.workload).or_default().insert(&of.pod);
        }
        pods.into_iter().map(|(workload, pods)| (workload, pods.len())).collect()
    }

    /// The fixes of all, each once, with their commands.
    pub fn fixes(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut fixes: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for fix in self.findings.iter().map(|finding| &finding.fix) {
            let place = *places.entry(fix.text.as_str()).or_insert(fixes.len());
            if place == fixes.len() {
                fixes.push((&fix.text, Vec::new()));
            }
            let new = fix.commands.iter().map(String::as_str).filter(|command| seen.insert((place, *command)));
            fixes[place].1.extend(new);
        }
        fixes
    }
}
