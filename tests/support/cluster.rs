//! An API server of the test's own with one pod, and a kubelet that plays its part: it starts debug containers, or not, as
//! measured on Kubernetes 1.36, and serves their logs. kubectl talks to it over loopback.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The user of the probe's image.
const IMAGE_USER: i64 = 65532;

/// What the probe prints where it can see the application, and its exit code.
pub const REPORT: (&str, i64) = ("x BROKEN  not-authorized: 403\n\n  cause  first\n  fix    last line\n", 1);
/// The same where it cannot.
pub const BLIND: (&str, i64) = ("? UNDETERMINED  target-environment-denied\n", 3);
/// A debug container that was killed together with its target.
pub const KILLED: (&str, i64) = ("", 137);

pub struct Cluster {
    /// As the API server would show it.
    pub pod: Value,
    /// User and group of the application's first process.
    pub application: (i64, i64),
    /// The debug container, or the container of a pod that was created.
    pub created: Option<Value>,
    pub deleted: bool,
    /// Other objects, by path.
    pub objects: BTreeMap<String, Value>,
    /// What the probe prints instead.
    pub report: Option<String>,
    /// Why admission refuses a debug container.
    pub refuses: Option<&'static str>,
    /// How often the pod has been read since.
    reads: usize,
    log_requests: usize,
}

impl Cluster {
    /// Starts the API server and writes a kubeconfig into the folder.
    pub fn start(folder: &Path, pod: Value, application: (i64, i64)) -> Arc<Mutex<Cluster>> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{ "name": "test",
                "cluster": { "server": format!("http://{}", listener.local_addr().expect("an address")) } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test" } }],
        });
        fs::write(folder.join("kubeconfig"), kubeconfig.to_string()).expect("a file");
        let cluster = Cluster {
            pod,
            application,
            created: None,
            deleted: false,
            objects: BTreeMap::new(),
            report: None,
            refuses: None,
            reads: 0,
            log_requests: 0,
        };
        let cluster = Arc::new(Mutex::new(cluster));
        let shared = Arc::clone(&cluster);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // kubectl may hang up on what it no longer wants.
                let _ = answer(&connection, &shared);
            }
        });
        cluster
    }

    fn name(&self) -> &str {
        self.pod["metadata"]["name"].as_str().expect("a name")
    }

    fn reply(&mut self, method: &str, path: &str, body: &[u8]) -> (u16, String) {
        let pods = json!({ "name": "pods", "namespaced": true, "kind": "Pod", "verbs": ["create", "get", "delete"] });
        let accounts =
            json!({ "name": "serviceaccounts", "namespaced": true, "kind": "ServiceAccount", "verbs": ["get"] });
        let discovery = match path {
            "/api" => Some(json!({ "kind": "APIVersions", "versions": ["v1"] })),
            "/apis" => Some(json!({ "kind": "APIGroupList", "groups": [] })),
            "/api/v1" => {
                Some(json!({ "kind": "APIResourceList", "groupVersion": "v1", "resources": [pods, accounts] }))
            }
            _ => None,
        };
        if let Some(discovery) = discovery {
            return (200, discovery.to_string());
        }
        if let ("GET", Some(object)) = (method, self.objects.get(path)) {
            return (200, object.to_string());
        }
        let words: Vec<&str> = path.trim_start_matches("/api/v1/namespaces/").split('/').collect();
        match (method, &words[1..]) {
            ("POST", ["pods"]) => {
                let mut pod: Value = serde_json::from_slice(body).expect("a pod");
                self.created = Some(pod["spec"]["containers"][0].clone());
                pod["metadata"]["namespace"] = words[0].into();
                pod["status"] = json!({ "phase": "Pending" });
                self.pod = pod;
                (201, self.pod.to_string())
            }
            ("GET", ["pods", name]) if *name == self.name() => (200, self.read().to_string()),
            ("PATCH", ["pods", _, "ephemeralcontainers"]) if self.refuses.is_some() => {
                failure(403, "Forbidden", self.refuses.unwrap_or_default())
            }
            ("PATCH", ["pods", name, "ephemeralcontainers"]) if *name == self.name() => {
                let patch: Value = serde_json::from_slice(body).expect("a patch");
                self.created = Some(patch["spec"]["ephemeralContainers"][0].clone());
                self.pod["spec"]["ephemeralContainers"] = patch["spec"]["ephemeralContainers"].clone();
                (200, self.pod.to_string())
            }
            ("GET", ["pods", name, "log"]) if *name == self.name() => self.log(),
            ("DELETE", ["pods", name]) if *name == self.name() => {
                self.deleted = true;
                (200, self.pod.to_string())
            }
            _ => failure(404, "NotFound", &format!("{method} {path}: not found")),
        }
    }

    /// The pod, one moment later than the last time.
    fn read(&mut self) -> &Value {
        let Some(container) = &self.created else { return &self.pod };
        self.reads += 1;
        let list = if self.pod["spec"]["ephemeralContainers"].is_null() {
            "containerStatuses"
        } else {
            "ephemeralContainerStatuses"
        };
        let state = self.state(container);
        if let Some(state) = state {
            self.pod["status"][list] = json!([{ "name": container["name"], "state": state }]);
        }
        &self.pod
    }

    fn state(&self, container: &Value) -> Option<Value> {
        let ended = matches!(self.pod["status"]["phase"].as_str(), Some("Failed" | "Succeeded"));
        let is_without_target = container["targetContainerName"].as_str().is_some_and(|name| !self.runs(name));
        let running = json!({ "running": { "startedAt": "2026-11-25T01:16:40Z" } });
        match self.reads {
            _ if ended => None,
            0 | 1 => None,
            2 => Some(json!({ "waiting": { "reason": "ContainerCreating" } })),
            _ if is_without_target => Some(json!({ "waiting": { "reason": "CreateContainerConfigError",
                "message": "unable to find target container" } })),
            3 => Some(running),
            // The kubelet reports the end of a container some time after its log has ended.
            4 | 5 => Some(running),
            _ => Some(json!({ "terminated": { "exitCode": self.output(container).1, "reason": "Error" } })),
        }
    }

    fn runs(&self, name: &str) -> bool {
        let statuses = ["containerStatuses", "initContainerStatuses"].map(|list| self.pod["status"][list].as_array());
        let mut statuses = statuses.into_iter().flatten().flatten();
        statuses.any(|status| status["name"] == name && status["state"]["running"].is_object())
    }

    /// By the rule of `ptrace(2)`: the same user and group, or CAP_SYS_PTRACE, which only root has.
    pub fn output(&self, container: &Value) -> (&'static str, i64) {
        let Some(target) = container["targetContainerName"].as_str() else { return REPORT };
        let context = &container["securityContext"];
        let (uid, gid) =
            (context["runAsUser"].as_i64().unwrap_or(IMAGE_USER), context["runAsGroup"].as_i64().unwrap_or(0));
        let adds = context["capabilities"]["add"].as_array().is_some_and(|add| add.contains(&"SYS_PTRACE".into()));
        let statuses = self.pod["status"]["containerStatuses"].as_array();
        let restarts = |status: &Value| status["name"] == target && status["lastState"]["terminated"].is_object();
        if statuses.is_some_and(|statuses| statuses.iter().any(restarts)) {
            KILLED
        } else if (uid == 0 && adds) || (uid, gid) == self.application {
            REPORT
        } else {
            BLIND
        }
    }

    fn log(&mut self) -> (u16, String) {
        let container = self.created.as_ref().expect("a container");
        self.log_requests += 1;
        match self.reads {
            0..=2 => failure(400, "BadRequest", "container is waiting to start: ContainerCreating"),
            _ if self.log_requests == 1 => failure(500, "InternalError", "the log file is not there yet"),
            _ => (200, self.report.clone().unwrap_or_else(|| self.output(container).0.to_owned())),
        }
    }
}

fn failure(code: u16, reason: &str, message: &str) -> (u16, String) {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
        "message": message });
    (code, status.to_string())
}

fn answer(mut connection: &TcpStream, cluster: &Mutex<Cluster>) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    let (mut request, mut length) = (String::new(), 0);
    reader.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().expect("a length"),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = request.split([' ', '?']);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (code, reply) = cluster.lock().expect("the cluster").reply(method, path, &body);
    let kind = if path.ends_with("/log") && code == 200 { "text/plain" } else { "application/json" };
    // Without a length, as a log that is followed: the end of the connection ends it.
    write!(connection, "HTTP/1.1 {code} Status\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n")?;
    for line in reply.split_inclusive('\n') {
        connection.write_all(line.as_bytes())?;
    }
    Ok(())
}
