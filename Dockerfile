# The image: one static binary, a CA bundle, and nothing else. Builds for amd64 and arm64, cross or native:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t registry.example.com/irsa-probe:0.2.0 --push .
#   docker buildx build --target sbom --output type=local,dest=. .        # irsa-probe.cdx.json, CycloneDX
#
# Reproducible: the same source, toolchain and arguments give the same binary, byte for byte (tests/image compiles and
# links the program twice, and compares). For an image that is the same byte for byte too, pin the base by its digest and
# hand the builder a date:
#
#   docker buildx build --build-arg RUST_DIGEST=@sha256:... --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" \
#     --output type=image,rewrite-timestamp=true .

ARG RUST_VERSION=1.95
# "@sha256:..." of that tag, where a build must not follow it.
ARG RUST_DIGEST=

FROM --platform=$BUILDPLATFORM docker.io/library/rust:${RUST_VERSION}-bookworm${RUST_DIGEST} AS toolchain
ARG TARGETARCH
WORKDIR /src
# The target is always named, also where it is the machine's own: without --target, crt-static would hold for build scripts
# and procedural macros too, and these cannot be static. What a cross build takes is fetched only for one.
RUN set -eu; \
    machine="$(uname -m)"; \
    case "${TARGETARCH:-$machine}" in \
      amd64|x86_64) target=x86_64 ;; \
      arm64|aarch64) target=aarch64 ;; \
      *) echo "cannot build for $TARGETARCH" >&2; exit 1 ;; \
    esac; \
    if [ "$target" != "$machine" ]; then \
      apt-get update; \
      apt-get install --yes --no-install-recommends "gcc-$(echo $target | tr _ -)-linux-gnu" \
        "libc6-dev-$(case $target in aarch64) echo arm64 ;; x86_64) echo amd64 ;; esac)-cross"; \
      rustup target add "$target-unknown-linux-gnu"; \
    fi; \
    echo "$target-unknown-linux-gnu" > /target
# Debian's gcc carries these names natively as well as cross.
ENV CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static --remap-path-prefix=/src=. --remap-path-prefix=/usr/local/cargo=cargo" \
    CFLAGS="-ffile-prefix-map=/usr/local/cargo=cargo -ffile-prefix-map=/src=."

FROM toolchain AS auditable
# A binary can be asked what it is made of: cargo audit bin irsa-probe, trivy, grype read the list out of it. "no" leaves
# the list out.
ARG AUDITABLE=yes
RUN if [ "$AUDITABLE" = yes ]; then RUSTFLAGS= CARGO_PROFILE_DEV_DEBUG=none cargo install --locked --debug --version 0.7.7 cargo-auditable; fi

# Against an empty program: this layer stays as long as Cargo.lock does.
FROM auditable AS dependencies
COPY Cargo.toml Cargo.lock build.rs ./
COPY src/link src/link
RUN echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked --bin irsa-probe --target "$(cat /target)" \
    && rm -r src

FROM dependencies AS build
# Another value builds everything below again, whatever is cached: tests/image compares two builds.
ARG BUILD=1
RUN echo "build $BUILD"
COPY src src
ARG SOURCE_DATE_EPOCH=0
# The empty program may be newer than the sources, which would then pass for built.
RUN set -eu; \
    find src -name '*.rs' -exec touch {} +; \
    auditable=; if command -v cargo-auditable >/dev/null; then auditable=auditable; fi; \
    cargo $auditable build --release --locked --bin irsa-probe --target "$(cat /target)"; \
    mkdir -p /image/etc/ssl/certs; \
    cp "target/$(cat /target)/release/irsa-probe" /image/irsa-probe; \
    cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt; \
    find /image -exec touch --date="@$SOURCE_DATE_EPOCH" {} +

# On demand only: docker buildx build --target sbom
FROM toolchain AS sbom-build
RUN RUSTFLAGS= CARGO_PROFILE_DEV_DEBUG=none cargo install --locked --debug --version 0.5.9 cargo-cyclonedx
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
# Its date; without one, a time stamp and a random number would make each SBOM another.
ARG SOURCE_DATE_EPOCH=0
RUN cargo cyclonedx --format json --spec-version 1.5 --target "$(cat /target)" --override-filename irsa-probe.cdx

FROM scratch AS sbom
COPY --from=sbom-build /src/irsa-probe.cdx.json /

FROM scratch
COPY --from=build /image /
# A number, so that runAsNonRoot can be judged; and any other will do: the image has no user database and needs none.
USER 65532:65532
ENTRYPOINT ["/irsa-probe"]
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="irsa-probe" \
      org.opencontainers.image.description="Tells whether this pod on Amazon EKS has its AWS role, and if not, exactly why, and what fixes it" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
