//! The scripts of `debug-profile` in the hands of a real kubectl, which talks to an API server of the test's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

#[path = "support/needs.rs"]
mod needs;

use irsa_probe::documents::debug_profile::{Choices, DebugProfile, build};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

const PODS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/webhook");

fn admitted(name: &str) -> Option<String> {
    fs::read_to_string(format!("{PODS}/{name}.out.json")).ok()
}

#[test]
fn kubectl_makes_what_the_profile_says_for_every_admitted_pod() {
    let help = Command::new("kubectl").args(["debug", "--help"]).output();
    let knows_custom = help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--custom"));
    if !needs::have(knows_custom, "a kubectl that knows debug --custom (1.31 or newer)") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let made = api_server(folder.path());
    let mut seen = 0;
    for file in fs::read_dir(PODS).expect("the pods").flatten() {
        let file_name = file.file_name().into_string().expect("a name");
        let Some(name) = file_name.strip_suffix(".out.json") else { continue };
        let pod = admitted(name).expect("a pod");
        let built = build(&pod, &Choices { image: "irsa-probe:1".to_owned(), ..Choices::default() }).expect(name);
        paste(&built, folder.path());
        let made = made.try_recv().expect("a container or a pod");
        let (container, profile) = match made.pointer("/spec/ephemeralContainers/0") {
            Some(container) => (container, &built.profile),
            // A pod of its own.
            None => {
                let wanted = &built.profile["spec"];
                assert_eq!(made["spec"]["serviceAccountName"], wanted["serviceAccountName"]);
                assert!(holds(&made["spec"]["securityContext"], &wanted["securityContext"]), "{made:#}");
                (&made["spec"]["containers"][0], &wanted["containers"][0])
            }
        };
        assert_eq!(container["image"], "irsa-probe:1", "{name}");
        assert!(holds(container, profile), "{name}: {container:#}");
        seen += 1;
    }
    assert!(seen >= 30, "{seen} pods");
}

/// Whether nothing of the profile is lost. kubectl's own profiles add to it: SYS_PTRACE, say.
fn holds(container: &Value, profile: &Value) -> bool {
    match profile {
        Value::Object(fields) => fields.iter().all(|(field, value)| holds(&container[field], value)),
        Value::Array(items) if items.is_empty() => container.is_null(),
        other => container == other,
    }
}

/// Without the options that would attach to a container that nobody starts here.
fn paste(built: &DebugProfile, folder: &Path) {
    let script = built.script().replace(" --rm --stdin", "").replace(" --stdin", "");
    let done = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(folder)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .env("HOME", folder)
        .output()
        .expect("a shell");
    assert!(done.status.success(), "{script}\n{}", String::from_utf8_lossy(&done.stderr));
}

/// An API server that has the pods of a real cluster, with a kubeconfig in the folder. What it is asked to make, it tells.
fn api_server(folder: &Path) -> mpsc::Receiver<Value> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{ "name": "test", "cluster": { "server": format!("http://{address}") } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test" } }],
    });
    fs::write(folder.join("kubeconfig"), kubeconfig.to_string()).expect("a file");
    let (tell, made) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // kubectl may hang up on what it no longer wants.
            let _ = answer(&connection, &tell);
        }
    });
    made
}

fn answer(mut connection: &TcpStream, tell: &mpsc::Sender<Value>) -> io::Result<()> {
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
    let path = request.split([' ', '?']).nth(1).unwrap_or_default();
    let pod = path.split('/').nth(6).and_then(admitted);
    if let Ok(made) = serde_json::from_slice(&body) {
        tell.send(made).expect("the test listens");
    }
    let pods = json!({ "name": "pods", "namespaced": true, "kind": "Pod", "verbs": ["create", "get"] });
    let reply = match (path, pod) {
        (_, Some(pod)) => pod,
        ("/api", _) => json!({ "kind": "APIVersions", "versions": ["v1"] }).to_string(),
        ("/apis", _) => json!({ "kind": "APIGroupList", "groups": [] }).to_string(),
        ("/api/v1", _) => json!({ "kind": "APIResourceList", "groupVersion": "v1", "resources": [pods] }).to_string(),
        _ => String::from_utf8_lossy(&body).into_owned(),
    };
    let status = if reply.is_empty() { "404 Not Found" } else { "200 OK" };
    let length = reply.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}"
    )
}
