# The controller, and for trying out the simulated AWS: each one static program in an otherwise empty image. `make image`
# builds both; .github/workflows/release.yaml builds them for amd64 and arm64, each on a machine of its kind.

# What `release programs` does here it does on any machine with Rust, so that tests/image/run looks at the very same programs.
FROM rust:1.95-bookworm AS build
# Writes the list of what was compiled in into the program: `cargo audit bin longshore` reads it.
RUN cargo install --locked --version 0.7.7 cargo-auditable
WORKDIR /src
COPY . .
# The caches outlive a build, so that a change in Longshore compiles Longshore and not the SDKs anew.
ARG TARGETARCH
RUN --mount=type=cache,target=/usr/local/cargo/registry,id=longshore-registry \
    --mount=type=cache,target=/src/target,id=longshore-target-${TARGETARCH} \
    ./release programs /out && cp /etc/ssl/certs/ca-certificates.crt /out/

FROM scratch AS simulator
COPY --from=build /out/longshore-simulator /usr/local/bin/longshore-simulator
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/longshore-simulator"]

FROM scratch AS controller
LABEL org.opencontainers.image.title="longshore" \
      org.opencontainers.image.description="Runs AWS ECS from Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
# Whom to trust; AWS_CA_BUNDLE names another file.
COPY --from=build /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/longshore /usr/local/bin/longshore
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/longshore"]
CMD ["controller"]
