use crate::causes::{Advice, Cause, Severity};

/// The mesh redirects connections to a proxy that is not there.
pub static MESH_PROXY_NOT_RUNNING: Cause = Cause {
    code: "mesh-proxy-not-running",
    title: "a service mesh sends connections to its proxy, which does not run yet",
    severity: Severity::Error,
    advice: Advice::Retry,
    // Sources: Istio, "Resource annotations" (traffic.sidecar.istio.io/excludeOutboundPorts) and "Kubernetes native
    // sidecars" (ENABLE_NATIVE_SIDECARS, on by default from 1.27 on); Linkerd, "Proxy configuration"
    // (config.linkerd.io/skip-outbound-ports, config.linkerd.io/proxy-enable-native-sidecar).
    explanation: "\
Under Istio's and Linkerd's CNI plugins the pod's network is redirected to the mesh's proxy before any container starts, \
but the proxy itself starts behind the init containers. Until then every connection is refused at once, often name \
lookups too: an init container has no network at all. The same happens for a moment while the proxy restarts.

STS itself never refuses a connection, so a refusal from a public address comes from something in between.

Run the mesh's proxy as a native sidecar, which starts before the other init containers. Only if that is not possible, \
exclude the ports (annotation traffic.sidecar.istio.io/excludeOutboundPorts: \"443,53\", or \
config.linkerd.io/skip-outbound-ports): excluding port 443 takes all HTTPS of the pod out of the mesh.",
    judge: None,
};
