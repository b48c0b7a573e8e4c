use crate::causes::{Advice, Cause, Facts, Fix, Names, Severity};

/// The mesh redirects connections to a proxy that is not running.
pub(crate) static MESH_PROXY_NOT_RUNNING: Cause = Cause {
    code: "mesh-proxy-not-running",
    title: "a service mesh redirects connections to a proxy that is not running",
    compare: "is the sidecar running and ready?",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Sources: Istio, "Resource annotations" (traffic.sidecar.istio.io/excludeOutboundPorts) and "Kubernetes native
    // sidecars" (ENABLE_NATIVE_SIDECARS, on by default from 1.27 on); Linkerd, "Proxy configuration"
    // (config.linkerd.io/skip-outbound-ports, config.linkerd.io/proxy-enable-native-sidecar).
    explanation: "\
The service mesh redirects connections to a proxy that has not started yet. The CNI plugins of Istio and Linkerd \
redirect the pod's network before any container starts, but the proxy starts after the init containers. Until then, \
every connection is refused at once, and often name lookups fail too. An init container has no network at all. The \
same happens briefly while the proxy restarts.

STS itself never refuses a connection. If a public address refuses one, something in between refused it.

Run the mesh's proxy as a native sidecar, which starts before the other init containers. Only if that is not \
possible, exclude the ports, with the annotation traffic.sidecar.istio.io/excludeOutboundPorts: \"443,53\" or \
config.linkerd.io/skip-outbound-ports. Excluding port 443 removes all HTTPS of the pod from the mesh.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: None,
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let Names { pod, .. } = facts.names();
    Fix::new(
        "Run the mesh's proxy as a native sidecar, which starts before the other init containers. If the mesh cannot do \
         this, annotate the pod template with traffic.sidecar.istio.io/excludeOutboundPorts: \"443,53\" (Istio) or \
         config.linkerd.io/skip-outbound-ports (Linkerd): all HTTPS traffic of the pod then bypasses the mesh.",
    )
    .command(format!("kubectl get pod {pod} -o 'jsonpath={{.spec.initContainers[*].name}}'"))
}
