# syntax=docker/dockerfile:1
#
# One image with the three programs: `docker run … tributary api`, `worker`, `migrate`, and the whole command line.
# For another architecture: docker buildx build --platform linux/arm64 . compiles across, nothing is emulated.
# Not yet built by CI: deploy/prove-compose proves it where there is an engine.

ARG DEBIAN=bookworm

FROM --platform=$BUILDPLATFORM rust:1.95-${DEBIAN} AS build
ARG BUILDARCH
ARG TARGETARCH
WORKDIR /src
# What compiles and links for the target, also the few dependencies with C in them.
RUN <<'SH'
set -eu
case "$TARGETARCH" in
  amd64) triple=x86_64-unknown-linux-gnu gcc=x86_64-linux-gnu-gcc package=gcc-x86-64-linux-gnu ;;
  arm64) triple=aarch64-unknown-linux-gnu gcc=aarch64-linux-gnu-gcc package=gcc-aarch64-linux-gnu ;;
  *) echo "no build for $TARGETARCH" >&2 && exit 1 ;;
esac
if [ "$TARGETARCH" = "$BUILDARCH" ]; then
  gcc=cc
else
  apt-get update
  apt-get install --yes --no-install-recommends "$package" "libc6-dev-$TARGETARCH-cross"
fi
rustup target add "$triple"
cat >/target <<ENV
TRIPLE=$triple
export CC_$(echo "$triple" | tr - _)=$gcc
export CARGO_TARGET_$(echo "$triple" | tr a-z- A-Z_)_LINKER=$gcc
ENV
SH
# The checked SQL macros read .sqlx/; no database is needed.
ENV SQLX_OFFLINE=true
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target <<'SH'
set -eu
. /target
cargo build --release --locked --target "$TRIPLE" --package api --package worker --package cli
cd "target/$TRIPLE/release"
install -D --target-directory=/out tributary-api tributary-worker tributary
SH

# glibc, root certificates and an account that is not root; no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/ /usr/local/bin/
ENV LOG_FORMAT=json LISTEN_ADDR=0.0.0.0:8080
EXPOSE 8080 9090
# /readyz: of METRICS_ADDR where it is set, as for a worker, else of LISTEN_ADDR.
HEALTHCHECK --interval=5s --timeout=4s --start-period=10s --retries=3 CMD ["tributary", "health"]
ENTRYPOINT ["tributary"]
CMD ["--help"]
