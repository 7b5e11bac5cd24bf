# syntax=docker/dockerfile:1
#
# One build, three images: --target api, worker or cli. Not yet built by CI.

ARG DEBIAN=bookworm

FROM rust:1.95-slim-${DEBIAN} AS build
WORKDIR /src
# The checked SQL macros read .sqlx/; no database is needed.
ENV SQLX_OFFLINE=true
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package api --package worker --package cli \
    && install -D --target-directory=/out \
        target/release/tributary-api target/release/tributary-worker target/release/tributary

FROM debian:${DEBIAN}-slim AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# An account that owns nothing, by number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /tmp
ENV LOG_FORMAT=json

FROM base AS api
COPY --from=build /out/tributary-api /usr/local/bin/
ENV LISTEN_ADDR=0.0.0.0:8080
EXPOSE 8080
# The image has no HTTP client and needs none: bash, which Debian always has, can ask.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["tributary-api"]

FROM base AS worker
COPY --from=build /out/tributary-worker /usr/local/bin/
ENTRYPOINT ["tributary-worker"]

FROM base AS cli
COPY --from=build /out/tributary /usr/local/bin/
ENTRYPOINT ["tributary"]
