# shellcheck shell=bash
# `./dev release`: what is handed to whoever runs Tributary without building it. Sourced by ./dev.

# An archive with the binary, the documentation and what deploys it, the binary's line tables, a Debian package where cargo-deb is
# installed, and the checksum of each. Nothing in the archive depends on when or by whom it was made.
release() {
  local target='' version name place stage
  while [ $# -gt 0 ]; do
    case $1 in
      --target) target=${2:?--target needs the name of a target, such as aarch64-unknown-linux-gnu} ;;
      *) fail "unknown argument: $1 (release takes --target NAME)" ;;
    esac
    shift 2
  done
  if [ -n "$(git status --porcelain)" ]; then fail 'there are changes that are not committed: a release is of a commit'; fi
  [ -n "$target" ] || target=$(rustc -vV | sed -n 's/^host: //p')
  version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
  name=tributary-$version-$target
  supervise cargo build --locked --release --package cli --bin tributary --target "$target"

  place=$(target_directory)/releases
  stage=$WORK/$name
  mkdir -p "$place" "$stage/docs"
  release_binary "$(target_directory)/$target/release/tributary" "$stage/tributary" "$place/$name.debug"
  cp -R deploy LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md SECURITY.md "$stage"
  cp docs/*.md docs/openapi.json "$stage/docs"
  release_archive "$stage" "$place/$name.tar.gz"
  if cargo deb --version >/dev/null 2>&1; then
    supervise cargo deb --quiet --no-build --package cli --target "$target" --output "$place/$name.deb"
  else
    say 'no Debian package: cargo-deb is not installed (cargo install cargo-deb)'
    rm -f "$place/$name.deb"
  fi
  (
    cd "$place"
    for file in "$name".*; do case $file in *.sha256) ;; *) checksum "$file" >"$file.sha256" ;; esac done
  )
  ls -l "$place/$name".*
}

# The program without its line tables, which are most of it. They stand beside the archive, for whoever looks into a core or a backtrace.
release_binary() {
  local built=$1 binary=$2 debug=$3
  install -m 755 "$built" "$binary"
  rm -f "$debug"
  if command -v objcopy >/dev/null && objcopy --only-keep-debug "$built" "$debug" 2>/dev/null; then
    objcopy --strip-debug --add-gnu-debuglink="$debug" "$built" "$binary"
  else
    say 'the binary keeps its line tables: no objcopy here that reads it (binutils)'
  fi
}

# The same files make the same archive, byte for byte: sorted, of nobody, of the time of the commit.
release_archive() {
  local directory=$1 archive=$2
  if tar --version 2>/dev/null | grep -q 'GNU tar'; then
    tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" \
      --directory "${directory%/*}" "${directory##*/}" | gzip -n -9 >"$archive"
  else
    tar -c -C "${directory%/*}" "${directory##*/}" | gzip -n -9 >"$archive"
  fi
}

checksum() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi; }

target_directory() { cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'; }
