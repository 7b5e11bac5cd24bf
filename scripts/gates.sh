# Tests and the other gates; sourced by ./dev.

check_all() {
  local began=$SECONDS
  LOCKED=--locked
  step 'fmt' cargo fmt --all --check
  step 'lint' lint
  step 'docs' docs
  run_tests
  step 'sqlx' sqlx_compare
  step 'deny' deny
  say "all gates passed in $((SECONDS - began)) s"
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

lint() { cargo clippy ${LOCKED:-} --workspace --all-targets --quiet -- -D warnings; }

docs() { RUSTDOCFLAGS='-D warnings' cargo doc ${LOCKED:-} --workspace --no-deps --document-private-items --quiet; }

deny() {
  PATH=$PATH:$TOOLS/bin
  if ! cargo deny --version >/dev/null 2>&1; then
    env -u CARGO_TARGET_DIR cargo install cargo-deny --version '^0.20' --locked --debug --root "$TOOLS" || return
  fi
  cargo deny ${LOCKED:-} --all-features --log-level warn check bans licenses sources
}

# --- tests -----------------------------------------------------------------------------------------------------------

# Tests that stop services do so to services of their own, made below TEST_SERVICES_DIR with `./dev services up --dir`;
# what an interrupted test leaves running there is ended with the run.
run_tests() {
  local began=$SECONDS
  services_up database broker
  export DATABASE_URL AMQP_URL TEST_SERVICES_DIR="$SERVICES_DIR/tests"
  mkdir -p "$TEST_SERVICES_DIR"
  prepare_python_tools
  # Some tests run the programs themselves.
  supervise cargo build ${LOCKED:-} --workspace --bins --quiet
  say "services up in $((SECONDS - began)) s"
  if cargo nextest --version >/dev/null 2>&1; then
    # On a terminal a line for each test; elsewhere the failures and the summary.
    [ -t 1 ] || export NEXTEST_STATUS_LEVEL=${NEXTEST_STATUS_LEVEL:-fail} NEXTEST_HIDE_PROGRESS_BAR=1
    supervise cargo nextest run ${LOCKED:-} --no-fail-fast "$@"
    if [ $# -eq 0 ]; then step 'doctests' cargo test ${LOCKED:-} --workspace --doc --quiet; fi
  else
    supervise cargo test ${LOCKED:-} --no-fail-fast "$@"
  fi
}

# Programs in Python that some tests run: Stripe's SDK, with which one signs an event, and Schemathesis, which tries the API
# against its own document. Where one cannot be installed its test is skipped, unless PYTHON_TOOLS_REQUIRED is set.
prepare_python_tools() {
  prepare_python_tool stripe_sdk && export STRIPE_SDK_PYTHON=$PYTHON_TOOL/bin/python
  prepare_python_tool schemathesis && export SCHEMATHESIS=$PYTHON_TOOL/bin/schemathesis
  return 0
}

# Installs tests/NAME/requirements.txt into a place of its own, PYTHON_TOOL.
prepare_python_tool() {
  local wanted=$ROOT/tests/$1/requirements.txt log=$WORK/$1
  PYTHON_TOOL=$TOOLS/${1//_/-}
  if ! cmp -s "$wanted" "$PYTHON_TOOL/requirements.txt"; then
    rm -rf "$PYTHON_TOOL"
    if ! { python3 -m venv "$PYTHON_TOOL" && "$PYTHON_TOOL/bin/python" -m pip install --quiet --disable-pip-version-check \
      --requirement "$wanted" && cp "$wanted" "$PYTHON_TOOL/requirements.txt"; } >"$log" 2>&1; then
      rm -rf "$PYTHON_TOOL"
      if [ -n "${PYTHON_TOOLS_REQUIRED:-}" ]; then
        cat "$log" >&2
        fail "tests/$1 cannot be installed; it needs python3 with venv and PyPI"
      fi
      say "the test with tests/$1 is skipped: no python3 here can install it"
      return 1
    fi
  fi
}

services_sweep() {
  local settings
  for settings in "$SERVICES_DIR"/tests/*/settings; do
    if [ -e "$settings" ]; then "$ROOT/dev" services destroy --dir "${settings%/settings}" >/dev/null; fi
  done
  rm -rf "$SERVICES_DIR/tests"
}

# --- .sqlx -----------------------------------------------------------------------------------------------------------

# The macros write what they learn of each query to SQLX_OFFLINE_DIR when they are compiled with a database. That is all
# that `cargo sqlx prepare` does, and it needs no other tool.
sqlx_cache() {
  case ${1:-} in
    --check) services_up database; step 'sqlx' sqlx_compare ;;
    '')
      services_up database
      step 'sqlx' sqlx_describe
      rm -rf "$ROOT/.sqlx"
      cp -R "$WORK/sqlx" "$ROOT/.sqlx"
      say "$(find "$ROOT/.sqlx" -name '*.json' | wc -l | tr -d ' ') queries in .sqlx/" ;;
    *) complain "$USAGE"; exit 2 ;;
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
  local file name=tributary_sqlx_$$ outcome=0
  mkdir -p "$WORK/sqlx" "$WORK/touched"
  sql "$(database_named postgres)" -c "CREATE DATABASE $name" || return
  for file in "$ROOT"/migrations/*.sql; do
    case $file in *.down.sql | */\*.sql) continue ;; esac
    if head -n 1 "$file" | grep -q '^-- no-transaction'; then sql "$(database_named "$name")"; else sql "$(database_named "$name")" --single-transaction; fi \
      <"$file" || { complain "in $file"; return 1; }
  done

  # cargo can't know that the macros should run again, so the crate's sources look new for the moment of this build, and
  # then have their times back, so that no other build finds them changed.
  sqlx_sources save
  sqlx_sources touch
  DATABASE_URL=$(database_named "$name") SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$WORK/sqlx \
    cargo check ${LOCKED:-} --package store --package queue --all-targets --quiet || outcome=$?
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
