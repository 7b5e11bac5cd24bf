# Finds the programs that ./dev needs, installs them where it can, or says what to install; sourced by ./dev.
#
# DEV_DRY_RUN=1 prints what would be installed instead of doing it. DEV_SEARCH_ROOT is put before the well-known
# directories, so a test can pretend that nothing is there.

# Programs that ./dev builds for itself.
TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/tributary/tools

find_cargo() {
  PATH=$PATH:$HOME/.cargo/bin
  command -v cargo >/dev/null || fail 'Rust is missing; install it with rustup (https://rustup.rs) and run this again'
}

# Sets PG_BIN, a directory with a PostgreSQL server.
find_postgres() {
  local dir
  PG_BIN=''
  for dir in "$(directory_of postgres)" "$(pg_config --bindir 2>/dev/null)" \
    $(newest_first "${DEV_SEARCH_ROOT:-}"/usr/lib/postgresql/*/bin "${DEV_SEARCH_ROOT:-}"/usr/pgsql-*/bin \
      "${DEV_SEARCH_ROOT:-}"/opt/homebrew/opt/postgresql*/bin "${DEV_SEARCH_ROOT:-}"/usr/local/opt/postgresql*/bin \
      "${DEV_SEARCH_ROOT:-}"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin \
      "${DEV_SEARCH_ROOT:-}"/Applications/Postgres.app/Contents/Versions/*/bin); do
    if [ -n "$dir" ] && [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/psql" ]; then
      PG_BIN=$dir
      return 0
    fi
  done
  return 1
}

# Sets RABBITMQ_BIN and EPMD. Debian's /usr/sbin/rabbitmq-server is no use: it insists on the system's own broker and account.
find_rabbitmq() {
  local dir
  RABBITMQ_BIN=''
  EPMD=$(command -v epmd || true)
  if [ -z "$EPMD" ] && [ -n "$(directory_of erl)" ] && [ -x "$(directory_of erl)/epmd" ]; then EPMD=$(directory_of erl)/epmd; fi
  [ -n "$EPMD" ] || return 1
  for dir in "${DEV_SEARCH_ROOT:-}"/usr/lib/rabbitmq/bin "${DEV_SEARCH_ROOT:-}"/opt/homebrew/opt/rabbitmq/sbin \
    "${DEV_SEARCH_ROOT:-}"/usr/local/opt/rabbitmq/sbin "${DEV_SEARCH_ROOT:-}"/home/linuxbrew/.linuxbrew/opt/rabbitmq/sbin \
    "$(directory_of rabbitmq-server)"; do
    if [ -n "$dir" ] && [ -x "$dir/rabbitmq-server" ] && [ -x "$dir/rabbitmqctl" ] && [ -e "$dir/rabbitmq-env" ]; then
      RABBITMQ_BIN=$dir
      return 0
    fi
  done
  return 1
}

services_find_programs() {
  find_postgres || true
  find_rabbitmq
}

# Sees to the programs for the wanted services (non-empty: wanted), by one of three ways: they are there; root on Debian or
# Ubuntu installs them; a Docker engine runs them. Otherwise it ends with what to install.
services_prepare() {
  local want_database=$1 want_broker=$2 missing=''
  [ "$ENGINE" != docker ] || return 0
  if [ -n "$want_database" ] && ! find_postgres; then missing="$missing postgresql"; fi
  if [ -n "$want_broker" ] && ! find_rabbitmq; then missing="$missing rabbitmq-server"; fi
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    if [ -n "${DEV_DRY_RUN:-}" ]; then
      say "would install:$missing"
      exit 0
    fi
    # shellcheck disable=SC2086 # a list of words
    install_debian_packages $missing
    if { [ -z "$want_database" ] || find_postgres; } && { [ -z "$want_broker" ] || find_rabbitmq; }; then return 0; fi
  elif docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
    say "not installed here:$missing; using the Docker engine instead"
    if [ -n "${DEV_DRY_RUN:-}" ]; then exit 0; fi
    ENGINE=docker
    services_save
    return 0
  fi
  # shellcheck disable=SC2086 # a list of words
  explain_missing $missing
  exit 1
}

# The servers of the packages are not wanted, only their programs: no cluster is made, and nothing is started.
install_debian_packages() (
  say "installing:$(printf ' %s' "$@")"
  log=$(mktemp)
  policy=/usr/sbin/policy-rc.d
  drop_in=/etc/postgresql-common/createcluster.d/tributary.conf
  if [ -e "$policy" ]; then policy=''; else printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"; fi
  if [ -d /etc/postgresql ]; then drop_in=''; else mkdir -p "${drop_in%/*}" && echo 'create_main_cluster = false' >"$drop_in"; fi
  trap 'rm -f "$log" $policy $drop_in' EXIT
  trap 'exit 130' INT TERM
  export DEBIAN_FRONTEND=noninteractive
  install() { apt-get install --yes --no-install-recommends "$@" </dev/null >"$log" 2>&1; }
  install "$@" || { apt-get update </dev/null >"$log" 2>&1 && install "$@"; } || {
    cat "$log" >&2
    exit 1
  }
)

explain_missing() {
  complain "missing:$(printf ' %s' "$@")"
  cat >&2 <<TEXT

Install what is missing, then run this again:
  Debian, Ubuntu   sudo apt-get install --no-install-recommends $*
  Fedora           sudo dnf install $(printf '%s\n' "$@" | sed 's/^postgresql$/postgresql-server/' | tr '\n' ' ')
  macOS            brew install $(printf '%s\n' "$@" | sed 's/^postgresql$/postgresql@17/; s/^rabbitmq-server$/rabbitmq/' | tr '\n' ' ')
Or start a Docker engine with the compose plugin: ./dev then runs them in containers.
Or point DATABASE_URL and AMQP_URL at servers of your own.
TEXT
}

# docker-compose.yml's postgres and rabbitmq, under a name of the directory's own.
compose() {
  RABBITMQ_MANAGEMENT_PORT=0 POSTGRES_PORT=$PG_PORT POSTGRES_PASSWORD=$PG_PASSWORD AMQP_PORT=$AMQP_PORT RABBITMQ_PASSWORD=$AMQP_PASSWORD \
    docker compose --project-name "tributary-$(printf '%s' "$SERVICES_DIR" | cksum | cut -d ' ' -f 1)" \
    --file "$ROOT/docker-compose.yml" "$@"
}

compose_running() { [ -n "$(compose ps --status running --quiet "$1" 2>/dev/null)" ]; }

directory_of() {
  local program
  program=$(command -v "$1" 2>/dev/null) || return 0
  if [ -L "$program" ]; then program=$(readlink -f "$program" 2>/dev/null || printf '%s' "$program"); fi
  dirname "$program"
}

# Existing directories of those named, the highest version first.
newest_first() {
  local dir
  for dir in "$@"; do
    if [ -d "$dir" ]; then printf '%s\n' "$dir"; fi
  done | sort -t / -k 5 -V -r 2>/dev/null || true
}
