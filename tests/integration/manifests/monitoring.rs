//! Alerts and dashboard name only what the probe has: metrics, codes, verdicts, runbook entries.

use serde_json::Value;

use super::document;
use super::read;
use super::repository;

const RULES: &str = "deploy/components/monitoring/alerts.yaml";
const DASHBOARD: &str = "deploy/components/monitoring/dashboard.json";
/// Metrics of others: Prometheus itself, kube-state-metrics.
const FOREIGN: [&str; 2] = ["up", "kube_pod_init_container_status_waiting_reason"];

#[test]
fn every_query_names_metrics_that_the_probe_renders() {
    let source = read(&repository("src/render/metrics.rs"));
    let queries = alerts().into_iter().map(|(name, rule)| (name, text(&rule["expr"]))).chain(panels());
    let mut seen = 0;
    for (name, query) in queries {
        let own: Vec<_> = words(&query).filter_map(|word| word.strip_prefix("irsa_probe_")).collect();
        assert!(!own.is_empty() || FOREIGN.iter().any(|metric| query.contains(metric)), "{name}: {query}");
        for metric in own {
            assert!(source.contains(&format!("\"{metric}\"")), "{name}: there is no metric irsa_probe_{metric}");
            seen += 1;
        }
    }
    assert!(seen > 25, "only {seen} metrics seen");
}

#[test]
fn every_code_in_a_query_is_one() {
    for (name, query) in alerts().into_iter().map(|(name, rule)| (name, text(&rule["expr"]))).chain(panels()) {
        let query = query.replace("code=~", "code=");
        let codes = query.split("code=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for code in codes.flat_map(|codes| codes.split('|')) {
            assert!(irsa_probe::causes::cause(code).is_some(), "{name}: {code}");
        }
    }
}

#[test]
fn every_alert_has_a_runbook_entry_and_a_test() {
    let runbook = read(&repository("deploy/README.md"));
    let tests = read(&repository("tests/manifests/alerts_test.yaml"));
    for (name, rule) in alerts() {
        let url = text(&rule["annotations"]["runbook_url"]);
        let (page, anchor) = url.split_once('#').unwrap();
        assert!(page.ends_with("/deploy/README.md"), "{url}");
        assert_eq!(anchor, name.to_lowercase());
        assert!(runbook.lines().any(|line| line == format!("### {name}")), "deploy/README.md has no ### {name}");
        assert!(tests.contains(&format!("alertname: {name}\n")), "alerts_test.yaml never makes {name} fire");
        assert!(["warning", "critical"].contains(&text(&rule["labels"]["severity"]).as_str()), "{name}");
    }
}

#[test]
fn the_dashboards_panels_are_whole() {
    let dashboard: Value = serde_json::from_str(&read(&repository(DASHBOARD))).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut places: Vec<_> = panels
        .iter()
        .map(|panel| (&panel["gridPos"]["y"], &panel["gridPos"]["x"]))
        .map(|(y, x)| (y.as_i64(), x.as_i64()))
        .collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), panels.len(), "two panels in one place");
    for panel in panels {
        assert!(!text(&panel["description"]).is_empty(), "{}", panel["title"]);
        for target in panel["targets"].as_array().unwrap() {
            assert!(text(&target["expr"]).contains("$namespace"), "{} ignores the namespace chosen", panel["title"]);
        }
    }
}

fn alerts() -> Vec<(String, Value)> {
    let rules = document(RULES, "PrometheusRule");
    let groups = rules["spec"]["groups"].as_array().unwrap().clone();
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone());
    rules.map(|rule| (text(&rule["alert"]), rule)).collect()
}

/// Title and query of each target, and of the variables.
fn panels() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&read(&repository(DASHBOARD))).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            queries.push((text(&panel["title"]), text(&target["expr"])));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap().iter().filter(|v| v["type"] == "query") {
        queries.push((text(&variable["name"]), text(&variable["definition"])));
    }
    queries
}

fn words(query: &str) -> impl Iterator<Item = &str> {
    query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
