# Tests and the other gates; sourced by ./dev.
#
# LOCKED, when it is set, refuses a Cargo.lock that does not fit, in every gate.

check_all() {
  local began=$SECONDS
  LOCKED=1
  gates
  run_tests
  say "all gates passed in $((SECONDS - began)) s"
}

# Every gate but the tests.
gates() {
  LOCKED=1
  step 'fmt' cargo fmt --all --check
  shell
  step 'unused' unused
  step 'lint' lint
  step 'docs' docs
  step 'deny' deny
  advisories
  deploy
  services_up database
  step 'sqlx' sqlx_compare
}

# One line for a gate that passes; its whole output for one that does not.
step() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '%-9s ' "$name"
  supervise "$@" >"$WORK/output" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    printf 'ok      %4d s\n' $((SECONDS - began))
  else
    printf 'FAILED  %4d s\n' $((SECONDS - began))
    cat "$WORK/output" >&2
    exit "$status"
  fi
}

lint() { cargo clippy ${LOCKED:+--locked} --workspace --all-targets --quiet -- -D warnings; }

docs() { RUSTDOCFLAGS='-D warnings' cargo doc ${LOCKED:+--locked} --workspace --no-deps --document-private-items --quiet; }

format() {
  supervise cargo fmt --all
  if prepare_python_tool scripts; then "$PYTHON_TOOL/bin/shfmt" "${SHFMT_STYLE[@]}" --write "${SCRIPTS[@]}"; fi
}

SCRIPTS=("$ROOT/dev" "$ROOT/.ci/run" "$ROOT/deploy/prove-compose" "$ROOT"/scripts/*.sh)
SHFMT_STYLE=(--indent 2 --case-indent)

# Scripts: mistakes (shellcheck), layout (shfmt).
shell() { if prepare_python_tool scripts; then step 'shell' check_scripts; fi; }

check_scripts() {
  # The sourced ones together with the one that sources them.
  (cd "$ROOT" && "$PYTHON_TOOL/bin/shellcheck" --external-sources --check-sourced dev .ci/run deploy/prove-compose) || return
  "$PYTHON_TOOL/bin/shfmt" "${SHFMT_STYLE[@]}" --diff "${SCRIPTS[@]}"
}

# Dependencies that no source of their crate names.
unused() {
  prepare_cargo_tool machete '^0.9' || return
  cargo machete --with-metadata
}

deny() {
  prepare_cargo_tool deny '^0.20' || return
  cargo deny ${LOCKED:+--locked} --all-features --log-level warn check bans licenses sources
}

# Known faults of dependencies, from RustSec's list. Where that cannot be had the gate does not pass in silence: it says
# that nothing was checked, and fails when ADVISORIES_REQUIRED is set.
advisories() {
  prepare_cargo_tool deny '^0.20' >"$WORK/output" 2>&1 || {
    cat "$WORK/output" >&2
    return 1
  }
  if supervise cargo deny --log-level warn fetch db >"$WORK/fetched" 2>&1; then
    step 'advisory' cargo deny ${LOCKED:+--locked} --all-features --log-level warn check --disable-fetch advisories
  elif [ -n "${ADVISORIES_REQUIRED:-}" ]; then
    cat "$WORK/fetched" >&2
    fail 'advisories: the list of known faults cannot be fetched'
  else
    say "advisory  NOT CHECKED: the list of known faults (github.com/rustsec/advisory-db) cannot be fetched from here"
  fi
}

# Alerts: promtool reads them, and a test of its own makes each fire. Debian has it in its package prometheus.
deploy() {
  if ! command -v promtool >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    supervise install_debian_packages prometheus || true
  fi
  if command -v promtool >/dev/null; then
    step 'deploy' check_alerts
  else
    say 'deploy    NOT CHECKED: no promtool here (it comes with Prometheus)'
  fi
}

check_alerts() (
  cd "$ROOT/deploy/prometheus" && promtool check rules alerts.yml && promtool test rules alerts.test.yml
)

# Builds `cargo NAME` once, where it is not installed.
prepare_cargo_tool() {
  PATH=$PATH:$TOOLS/bin
  cargo "$1" --version >/dev/null 2>&1 ||
    env -u CARGO_TARGET_DIR cargo install "cargo-$1" --version "$2" --locked --debug --root "$TOOLS"
}

# --- tests -----------------------------------------------------------------------------------------------------------

# Tests that stop services do so to services of their own, made below TEST_SERVICES_DIR with `./dev services up --dir`;
# what an interrupted test leaves running there is ended with the run.
run_tests() {
  local began=$SECONDS snapshots=$WORK/snapshots
  services_up database broker
  export DATABASE_URL AMQP_URL TEST_SERVICES_DIR="$SERVICES_DIR/tests"
  mkdir -p "$TEST_SERVICES_DIR"
  # A test takes a backup.
  if find_postgres; then export PG_BIN; fi
  prepare_python_tools
  prepare_sdk_tools
  prepare_browser
  # Some tests run the programs themselves.
  supervise cargo build ${LOCKED:+--locked} --workspace --bins --quiet
  say "services up in $((SECONDS - began)) s"
  # insta writes down which snapshots a run looks at, and leaves no new ones behind.
  : >"$snapshots"
  export INSTA_SNAPSHOT_REFERENCES_FILE=$snapshots INSTA_UPDATE=${INSTA_UPDATE:-no}
  if cargo nextest --version >/dev/null 2>&1; then
    # On a terminal a line for each test; elsewhere the failures and the summary.
    [ -t 1 ] || export NEXTEST_STATUS_LEVEL=${NEXTEST_STATUS_LEVEL:-fail} NEXTEST_HIDE_PROGRESS_BAR=1
    supervise cargo nextest run ${LOCKED:+--locked} --no-fail-fast "$@"
    if [ $# -eq 0 ]; then step 'doctests' cargo test ${LOCKED:+--locked} --workspace --doc --quiet; fi
  else
    supervise cargo test ${LOCKED:+--locked} --no-fail-fast "$@"
  fi
  if [ $# -eq 0 ]; then step 'snapshots' every_snapshot_is_read "$snapshots"; fi
}

# Fails for a snapshot that no test of a whole run has looked at.
every_snapshot_is_read() {
  local file unread=0
  while IFS= read -r file; do
    if ! grep -qxF "$ROOT/$file" "$1"; then
      complain "no test reads $file; delete it"
      unread=1
    fi
  done < <(cd "$ROOT" && find api cli common tests worker -name '*.snap')
  return "$unread"
}

# Programs in Python that some tests run: Stripe's SDK, with which one signs an event, localstripe, a Stripe that others wrote,
# and Schemathesis, which tries the API against its own document. Where one cannot be installed its test is skipped, unless PYTHON_TOOLS_REQUIRED is set.
prepare_python_tools() {
  prepare_python_tool tests/stripe_sdk && export STRIPE_SDK_PYTHON=$PYTHON_TOOL/bin/python
  prepare_python_tool tests/localstripe && export LOCALSTRIPE_PYTHON=$PYTHON_TOOL/bin/python
  prepare_python_tool tests/schemathesis && export SCHEMATHESIS=$PYTHON_TOOL/bin/schemathesis
  return 0
}

# What makes clients of the API's document, in Python and in TypeScript, and the linters of such documents. Where they cannot
# be installed their tests are skipped, unless SDK_TOOLS_REQUIRED is set.
prepare_sdk_tools() {
  PYTHON_TOOLS_REQUIRED=${SDK_TOOLS_REQUIRED:-} prepare_python_tool tests/sdks && export SDK_PYTHON=$PYTHON_TOOL/bin/python
  prepare_node_tool tests/sdks && export SDK_NODE_MODULES=$NODE_TOOL
  return 0
}

# A browser for the tests of the console, and what drives it. Where they cannot be had those tests are skipped, unless
# SDK_TOOLS_REQUIRED is set.
prepare_browser() {
  prepare_node_tool tests/browser && export BROWSER_NODE_MODULES=$NODE_TOOL
  if [ -n "${CHROMIUM:-}" ]; then return 0; fi
  if find_chromium; then return 0; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && install_debian_packages chromium >"$WORK/chromium" 2>&1 && find_chromium; then
    return 0
  fi
  if [ -n "${SDK_TOOLS_REQUIRED:-}" ]; then fail 'no Chromium is here, and none can be installed'; fi
  complain 'the tests in a browser are skipped: no Chromium is here'
}

# Sets and exports CHROMIUM.
find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then
      CHROMIUM=$(command -v "$name")
      export CHROMIUM
      return 0
    fi
  done
  return 1
}

# Installs what FOLDER/package-lock.json names into a place of its own, NODE_TOOL.
prepare_node_tool() {
  local name=${1##*/}
  local wanted=$ROOT/$1 modules=$TOOLS/$name-node log=$WORK/$name-node
  if ! cmp -s "$wanted/package-lock.json" "$modules/package-lock.json"; then
    rm -rf "$modules"
    mkdir -p "$modules/new"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$modules/new"
    # No package's own script is run. The lock is moved last: without it the place is made anew.
    if ! (cd "$modules/new" && npm ci --ignore-scripts --no-audit --no-fund && mv node_modules package.json package-lock.json ..) >"$log" 2>&1; then
      rm -rf "$modules"
      if [ -n "${SDK_TOOLS_REQUIRED:-}" ]; then
        cat "$log" >&2
        fail "$1 cannot be installed; it needs npm and its registry"
      fi
      complain "what needs $1 in Node.js is skipped: no npm here can install it"
      return 1
    fi
    rmdir "$modules/new"
  fi
  NODE_TOOL=$modules/node_modules
}

# Installs FOLDER/requirements.txt into a place of its own, PYTHON_TOOL.
prepare_python_tool() {
  local name=${1##*/}
  local wanted=$ROOT/$1/requirements.txt log=$WORK/$name
  PYTHON_TOOL=$TOOLS/${name//_/-}
  if ! cmp -s "$wanted" "$PYTHON_TOOL/requirements.txt"; then
    rm -rf "$PYTHON_TOOL"
    if ! { prepare_python && python3 -m venv "$PYTHON_TOOL" && "$PYTHON_TOOL/bin/python" -m pip install --quiet --disable-pip-version-check \
      --requirement "$wanted" && cp "$wanted" "$PYTHON_TOOL/requirements.txt"; } >"$log" 2>&1; then
      rm -rf "$PYTHON_TOOL"
      if [ -n "${PYTHON_TOOLS_REQUIRED:-}" ]; then
        cat "$log" >&2
        fail "$1 cannot be installed; it needs python3 with venv and PyPI"
      fi
      complain "what needs $1 is skipped: no python3 here can install it"
      return 1
    fi
  fi
}

# Debian has the module that makes environments in a package of its own.
prepare_python() {
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    install_debian_packages python3-venv
  fi
}

services_sweep() {
  local settings room
  for settings in "$SERVICES_DIR"/tests/*/settings "$SERVICES_DIR"/tests/*/*/settings; do
    if [ -e "$settings" ]; then "$ROOT/dev" services destroy --dir "${settings%/settings}" >/dev/null; fi
  done
  # A small disk of an interrupted ./dev chaos.
  for room in "$SERVICES_DIR"/tests/*; do
    if command -v mountpoint >/dev/null && mountpoint -q "$room"; then umount "$room"; fi
  done
  rm -rf "$SERVICES_DIR/tests"
}

# --- .sqlx -----------------------------------------------------------------------------------------------------------

# The macros write what they learn of each query to SQLX_OFFLINE_DIR when they are compiled with a database. That is all
# that `cargo sqlx prepare` does, and it needs no other tool.
sqlx_cache() {
  case ${1:-} in
    --check)
      services_up database
      step 'sqlx' sqlx_compare
      ;;
    '')
      services_up database
      step 'sqlx' sqlx_describe
      rm -rf "$ROOT/.sqlx"
      cp -R "$WORK/sqlx" "$ROOT/.sqlx"
      say "$(find "$ROOT/.sqlx" -name '*.json' | wc -l | tr -d ' ') queries in .sqlx/"
      ;;
    *)
      complain "$USAGE"
      exit 2
      ;;
  esac
}

sqlx_compare() {
  local stale
  sqlx_describe || return
  mkdir -p "$ROOT/.sqlx"
  if ! diff -rq "$ROOT/.sqlx" "$WORK/sqlx" >"$WORK/stale"; then
    stale=$(wc -l <"$WORK/stale" | tr -d ' ')
    sed "s|$WORK/sqlx|the queries as they are|g; s|$ROOT/||g" "$WORK/stale"
    complain ".sqlx/ is stale in $stale places; run ./dev sqlx and commit the result"
    return 1
  fi
}

# Compiles `store` and `queue`, the only crates with SQL, against a scratch database that has every migration.
sqlx_describe() {
  local file together name=tributary_sqlx_$$ outcome=0
  mkdir -p "$WORK/sqlx" "$WORK/touched"
  sql "$(database_named postgres)" -c "CREATE DATABASE $name" || return
  for file in "$ROOT"/migrations/*.sql; do
    case $file in *.down.sql | */\*.sql) continue ;; esac
    if [ "$(head -n 1 "$file")" = '-- no-transaction' ]; then together=''; else together=1; fi
    if ! sql "$(database_named "$name")" ${together:+--single-transaction} <"$file"; then
      complain "in $file"
      return 1
    fi
  done

  # cargo can't know that the macros should run again, so the crate's sources look new for the moment of this build, and
  # then have their times back, so that no other build finds them changed.
  sqlx_sources save
  sqlx_sources touch
  DATABASE_URL=$(database_named "$name") SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$WORK/sqlx \
    cargo check ${LOCKED:+--locked} --package store --package queue --all-targets --quiet || outcome=$?
  sqlx_sources restore
  return "$outcome"
}

# What may be left of a description that was interrupted.
sqlx_clean_up() {
  [ -d "$WORK/touched" ] || return 0
  sqlx_sources restore
  sql "$(database_named postgres)" -c "DROP DATABASE IF EXISTS tributary_sqlx_$$ WITH (FORCE)"
}

# Only the roots of the crate's targets count: cargo looks at one new file as it does at all.
sqlx_sources() {
  local file saved
  for file in "$ROOT"/common/{queue,store}/src/lib.rs "$ROOT"/common/{queue,store}/tests/*.rs "$ROOT"/common/queue/tests/*/main.rs; do
    [ -e "$file" ] || continue
    saved=$WORK/touched/$(printf '%s' "$file" | tr / _)
    case $1 in
      save) touch -r "$file" "$saved" ;;
      touch) touch "$file" ;;
      restore) if [ -e "$saved" ]; then touch -r "$saved" "$file"; fi ;;
    esac
  done
}

# The server of DATABASE_URL, another database.
database_named() { printf '%s' "$DATABASE_URL" | sed -E "s|^([a-z]+://[^/?]*)(/[^?]*)?|\\1/$1|"; }

sql() {
  local url=$1 psql
  shift
  set -- --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"
  if [ "$ENGINE" = docker ]; then
    compose exec -T postgres psql --username tributary "$@" "${url##*/}"
  else
    if find_postgres; then psql=$PG_BIN/psql; else psql=psql; fi
    PGOPTIONS='--client-min-messages=warning' "$psql" "$@" "$url"
  fi
}
