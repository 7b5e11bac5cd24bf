# Private PostgreSQL and RabbitMQ for development and tests; sourced by ./dev.
#
# Everything lives in one directory (.local, or --dir): settings, data, logs. Ports are picked once and kept there, so a
# stopped service comes back on the same port with the same data. Both listen on the loopback address only and ask for a
# password of their own. RabbitMQ has its own epmd, so that it neither meets nor disturbs another Erlang node.
#
# Works in bash 3.2 (macOS).

SERVICES_USAGE='./dev services COMMAND [--dir DIR]

  up [database] [broker]      start both (or the one named) and write DIR/env
  down                        stop them
  status                      say what is running and where
  destroy                     stop them and delete their data
  stop-broker, start-broker, kill-broker
  stop-database, start-database, kill-database
                              one of them; same port and data afterwards; kill is kill -9
  freeze-broker, thaw-broker, freeze-database, thaw-database
                              one of them stops where it is (SIGSTOP), and goes on
  ctl -- ARGS                 rabbitmqctl on the private broker

DIR is .local unless given. DATABASE_URL and AMQP_URL win when set: that service is then not
started. With --dir they are ignored.'

# How long a service may take to start or stop before that counts as a failure.
SERVICE_PATIENCE=60

services_main() {
  local command=${1:-help} explicit_dir='' wanted=''
  [ $# -eq 0 ] || shift
  SERVICES_DIR=$ROOT/.local
  while [ $# -gt 0 ]; do
    case $1 in
      --dir)
        SERVICES_DIR=${2:?--dir needs a directory}
        explicit_dir=1
        shift 2
        ;;
      --dir=*)
        SERVICES_DIR=${1#--dir=}
        explicit_dir=1
        shift
        ;;
      --)
        shift
        break
        ;;
      database | broker)
        wanted="$wanted $1"
        shift
        ;;
      *)
        [ "$command" = ctl ] && break
        fail "unknown argument: $1"
        ;;
    esac
  done
  [ -z "$explicit_dir" ] || unset DATABASE_URL AMQP_URL

  case $command in
    up)
      trap 'services_interrupted' EXIT
      trap 'exit 130' INT
      trap 'exit 143' TERM
      trap 'exit 129' HUP
      # shellcheck disable=SC2086 # a list of words
      services_up ${wanted:-database broker}
      trap - EXIT INT TERM HUP
      services_status
      ;;
    down)
      services_open_existing && services_down
      say 'services: stopped'
      ;;
    status) services_open_existing && services_status ;;
    destroy)
      services_open_existing && services_destroy
      say 'services: deleted'
      ;;
    start-broker)
      services_must_exist
      services_locked broker_start
      ;;
    stop-broker)
      services_must_exist
      services_locked broker_stop
      ;;
    kill-broker)
      services_must_exist
      services_locked broker_kill
      ;;
    start-database)
      services_must_exist
      services_locked database_start
      ;;
    stop-database)
      services_must_exist
      services_locked database_stop
      ;;
    kill-database)
      services_must_exist
      services_locked database_kill
      ;;
    freeze-broker | thaw-broker)
      services_must_exist
      services_locked broker_signal "${command%-broker}"
      ;;
    freeze-database | thaw-database)
      services_must_exist
      services_locked database_signal "${command%-database}"
      ;;
    ctl)
      services_must_exist
      broker_ctl "$@"
      ;;
    help | -h | --help) printf '%s\n' "$SERVICES_USAGE" ;;
    *)
      printf '%s\n' "$SERVICES_USAGE" >&2
      exit 2
      ;;
  esac
}

# --- both ------------------------------------------------------------------------------------------------------------

# Starts the named services that are not running, waits until they answer, exports DATABASE_URL and AMQP_URL and writes
# them to DIR/env. Sets STARTED_DATABASE and STARTED_BROKER for what this very call started.
services_up() {
  local database='' broker='' service
  for service in "$@"; do eval "$service=1"; done
  STARTED_DATABASE='' STARTED_BROKER='' BROKER_JOB=''
  services_open
  services_lock

  # The address of our own service in the environment (from DIR/env) is no foreign one.
  if [ -n "${DATABASE_URL:-}" ] && [ "$DATABASE_URL" != "$(database_url)" ]; then database=''; fi
  if [ -n "${AMQP_URL:-}" ] && [ "$AMQP_URL" != "$(broker_url)" ]; then broker=''; fi
  if [ -n "$database$broker" ]; then services_prepare "$database" "$broker"; fi

  # Side by side: RabbitMQ takes seconds, and PostgreSQL does as well the first time.
  if [ -n "$broker" ] && ! broker_running; then
    broker_settle_ports
    STARTED_BROKER=1
    broker_start &
    BROKER_JOB=$!
  fi
  if [ -n "$database" ] && ! database_running; then
    database_settle_port
    STARTED_DATABASE=1
    database_start || exit 1
  fi
  if [ -n "$BROKER_JOB" ]; then
    wait "$BROKER_JOB" || exit 1
    BROKER_JOB=''
  fi

  if [ -n "$database" ]; then DATABASE_URL=$(database_url); fi
  if [ -n "$broker" ]; then AMQP_URL=$(broker_url); fi
  services_write_env
  services_unlock
}

services_down() {
  broker_stop
  database_stop
}

# Stops what services_up of this very process started.
services_down_started() {
  if [ -n "${BROKER_JOB:-}" ]; then kill -TERM "$BROKER_JOB" && wait "$BROKER_JOB"; fi 2>/dev/null
  if [ -n "${STARTED_BROKER:-}" ]; then
    broker_stop
    STARTED_BROKER=''
  fi
  if [ -n "${STARTED_DATABASE:-}" ]; then
    database_stop
    STARTED_DATABASE=''
  fi
}

services_interrupted() {
  local status=$?
  trap '' INT TERM HUP
  set +e
  if [ -n "${SETTINGS_READ:-}" ]; then
    services_down_started
    services_unlock
  fi
  exit "$status"
}

services_destroy() {
  services_down
  if [ "$ENGINE" = docker ]; then compose down --volumes; fi
  rm -rf "$PG_HOME" "$SERVICES_DIR/postgres" "$SERVICES_DIR/rabbitmq" "$SERVICES_DIR/env" "$SERVICES_DIR/settings" \
    "$SERVICES_DIR/log"
}

services_status() {
  if database_running; then
    say "postgresql  running  $(database_url)"
  elif [ -n "${DATABASE_URL:-}" ] && [ "$DATABASE_URL" != "$(database_url)" ]; then
    say 'postgresql  DATABASE_URL from the environment'
  else say 'postgresql  stopped'; fi
  if broker_running; then
    say "rabbitmq    running  $(broker_url)"
  elif [ -n "${AMQP_URL:-}" ] && [ "$AMQP_URL" != "$(broker_url)" ]; then
    say 'rabbitmq    AMQP_URL from the environment'
  else say 'rabbitmq    stopped'; fi
  say "addresses   . $SERVICES_DIR/env"
}

services_write_env() {
  (
    umask 077
    {
      [ -z "${DATABASE_URL:-}" ] || printf "export DATABASE_URL='%s'\n" "$DATABASE_URL"
      # With a DATABASE_URL the checked queries would ask it; they are compiled against .sqlx/ instead.
      printf 'export SQLX_OFFLINE=true\n'
      [ -z "${AMQP_URL:-}" ] || printf "export AMQP_URL='%s'\n" "$AMQP_URL"
    } >"$SERVICES_DIR/env.new"
    mv "$SERVICES_DIR/env.new" "$SERVICES_DIR/env"
  )
}

# Reads the directory's settings, or makes them.
services_open() {
  mkdir -p "$SERVICES_DIR/log"
  SERVICES_DIR=$(cd "$SERVICES_DIR" && pwd -P)
  if [ ! -s "$SERVICES_DIR/settings" ]; then
    PG_HOME=$SERVICES_DIR/postgres PG_PORT='' PG_PASSWORD=$(random_word)
    AMQP_PORT='' DIST_PORT='' EPMD_PORT='' AMQP_PASSWORD=$(random_word) ENGINE=''
    services_save
  fi
  [ -O "$SERVICES_DIR/settings" ] || fail "$SERVICES_DIR belongs to another account; delete it, or name another with --dir"
  # shellcheck source=/dev/null
  . "$SERVICES_DIR/settings"
  SETTINGS_READ=1
}

services_save() {
  (
    umask 077
    printf '%s=%q\n' PG_HOME "$PG_HOME" PG_PORT "$PG_PORT" PG_PASSWORD "$PG_PASSWORD" \
      AMQP_PORT "$AMQP_PORT" DIST_PORT "$DIST_PORT" EPMD_PORT "$EPMD_PORT" AMQP_PASSWORD "$AMQP_PASSWORD" \
      ENGINE "$ENGINE" >"$SERVICES_DIR/settings.new"
    mv "$SERVICES_DIR/settings.new" "$SERVICES_DIR/settings"
  )
}

services_open_existing() {
  if [ ! -s "$SERVICES_DIR/settings" ]; then
    say "services: none in $SERVICES_DIR"
    exit 0
  fi
  services_open
}

services_must_exist() {
  [ -s "$SERVICES_DIR/settings" ] || fail "no services in $SERVICES_DIR; start them with ./dev services up"
  services_open
  services_find_programs || true
}

# One process at a time starts and stops things in a directory. A lock whose holder is gone is void.
services_lock() {
  local holder
  until mkdir "$SERVICES_DIR/lock" 2>/dev/null; do
    holder=$(cat "$SERVICES_DIR/lock/pid" 2>/dev/null || true)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -rf "$SERVICES_DIR/lock"; else sleep 0.1; fi
  done
  echo $$ >"$SERVICES_DIR/lock/pid"
}

services_unlock() {
  if [ "$(cat "$SERVICES_DIR/lock/pid" 2>/dev/null)" = $$ ]; then rm -rf "$SERVICES_DIR/lock"; fi
}

services_locked() {
  local status=0
  services_lock
  trap 'services_unlock' EXIT
  "$@" || status=$?
  services_unlock
  trap - EXIT
  return "$status"
}

# --- PostgreSQL ------------------------------------------------------------------------------------------------------

database_url() { printf 'postgres://tributary:%s@127.0.0.1:%s/tributary' "$PG_PASSWORD" "$PG_PORT"; }

database_pid() { head -n 1 "$PG_HOME/data/postmaster.pid" 2>/dev/null || true; }

database_running() {
  if [ "$ENGINE" = docker ]; then
    compose_running postgres
    return
  fi
  local pid
  pid=$(database_pid)
  [ -n "$pid" ] && ps -p "$pid" -o args= 2>/dev/null | grep -q "postgres.*-p $PG_PORT"
}

database_settle_port() {
  if [ -z "$PG_PORT" ] || port_taken "$PG_PORT"; then
    PG_PORT=$(free_port)
    services_save
  fi
}

database_start() {
  if database_running; then return; fi
  if [ "$ENGINE" = docker ]; then
    compose up --detach --wait --quiet-pull postgres
    return
  fi
  database_init || return 1
  # PostgreSQL takes an unreaped server for a living one.
  if [ -n "$(database_pid)" ] && ! process_lives "$(database_pid)"; then rm -f "$PG_HOME/data/postmaster.pid"; fi
  # No socket file: its path may be too long, and nothing here needs one. fsync stays on.
  if ! as_database_account "$PG_BIN/pg_ctl" start --wait --timeout "$SERVICE_PATIENCE" --silent \
    --pgdata "$PG_HOME/data" --log "$PG_HOME/log" \
    --options "-p $PG_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=4GB" \
    >"$SERVICES_DIR/log/pg_ctl" 2>&1; then
    complain 'PostgreSQL did not start:'
    tail -n 20 "$SERVICES_DIR/log/pg_ctl" "$PG_HOME/log" >&2
    return 1
  fi
  database_create
}

database_stop() {
  if ! database_running; then return 0; fi
  if [ "$ENGINE" = docker ]; then
    compose stop postgres
    return
  fi
  services_find_programs
  as_database_account "$PG_BIN/pg_ctl" stop --mode fast --wait --timeout "$SERVICE_PATIENCE" --silent --pgdata "$PG_HOME/data"
}

# As a power cut would: the server and every process of it, at once.
database_kill() {
  if ! database_running; then return 0; fi
  if [ "$ENGINE" = docker ]; then
    compose kill postgres
    return
  fi
  local pids
  pids=$(database_pids)
  # shellcheck disable=SC2086 # a list of numbers, here and below
  kill -9 $pids 2>/dev/null || true
  # shellcheck disable=SC2086
  wait_until_gone $pids
}

# The server and every process of it.
database_pids() {
  local pid
  pid=$(database_pid)
  printf '%s\n' "$pid"
  ps -A -o pid= -o ppid= | awk -v parent="$pid" '$2 == parent { print $1 }'
}

# freeze or thaw
database_signal() {
  if [ "$ENGINE" = docker ]; then
    if [ "$1" = freeze ]; then compose pause postgres; else compose unpause postgres; fi
    return
  fi
  # A backend may end meanwhile.
  # shellcheck disable=SC2046 # a list of numbers
  kill "$(signal_to "$1")" $(database_pids) 2>/dev/null || true
}

database_init() {
  local major locale
  major=$("$PG_BIN/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  if [ -s "$PG_HOME/data/PG_VERSION" ] && [ "$(cat "$PG_HOME/data/PG_VERSION")" != "$major" ]; then
    say "postgresql: the data in $PG_HOME is of version $(cat "$PG_HOME/data/PG_VERSION"), the server of $major; starting afresh"
    rm -rf "$PG_HOME/data"
  fi
  if [ -s "$PG_HOME/ready" ] && [ -s "$PG_HOME/data/PG_VERSION" ]; then return 0; fi

  database_make_home || return 1
  rm -rf "$PG_HOME/data" "$PG_HOME/ready"
  (umask 077 && printf '%s\n' "$PG_PASSWORD" >"$PG_HOME/password")
  give_to_database_account "$PG_HOME"
  for locale in C.UTF-8 en_US.UTF-8 C; do
    if as_database_account "$PG_BIN/initdb" --pgdata "$PG_HOME/data" --username tributary --pwfile "$PG_HOME/password" \
      --auth password --encoding UTF8 --locale "$locale" --no-sync --no-instructions >"$SERVICES_DIR/log/initdb" 2>&1; then
      rm -f "$PG_HOME/password"
      return 0
    fi
    rm -rf "$PG_HOME/data"
  done
  complain 'initdb failed:'
  cat "$SERVICES_DIR/log/initdb" >&2
  return 1
}

# The marker is written last, so an interrupted first start begins again.
database_create() {
  if [ -s "$PG_HOME/ready" ]; then return 0; fi
  PGPASSWORD=$PG_PASSWORD "$PG_BIN/createdb" --host 127.0.0.1 --port "$PG_PORT" --username tributary tributary &&
    echo yes >"$PG_HOME/ready"
}

# Root can't run PostgreSQL, so another account does; where that account can't reach DIR (a clone below /root), the data
# goes to the directory for temporary files.
database_make_home() {
  mkdir -p "$PG_HOME"
  if [ "$(id -u)" != 0 ]; then return 0; fi
  chmod o+x "$SERVICES_DIR"
  chmod 711 "$PG_HOME"
  if as_database_account test -x "$PG_HOME"; then return 0; fi
  PG_HOME=$(mktemp -d "${TMPDIR:-/tmp}/tributary-postgres.XXXXXX") || return 1
  chmod 711 "$PG_HOME"
  services_save
}

database_account() {
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

give_to_database_account() {
  if [ "$(id -u)" = 0 ]; then chown -R "$(database_account)" "$1"; fi
}

as_database_account() (
  cd / || exit 1
  if [ "$(id -u)" != 0 ]; then
    "$@"
  elif command -v runuser >/dev/null; then
    runuser -u "$(database_account)" -- "$@"
  elif command -v sudo >/dev/null; then
    sudo -u "$(database_account)" -- "$@"
  else su -s /bin/sh "$(database_account)" -c "$(printf '%q ' "$@")"; fi
)

# --- RabbitMQ --------------------------------------------------------------------------------------------------------

broker_url() { printf 'amqp://tributary:%s@127.0.0.1:%s/%%2f' "$AMQP_PASSWORD" "$AMQP_PORT"; }

broker_pid() { cat "$SERVICES_DIR/rabbitmq/pid" 2>/dev/null || true; }

# The port on the command line tells our node from any other process that may have been given the same pid.
broker_running() {
  if [ "$ENGINE" = docker ]; then
    compose_running rabbitmq
    return
  fi
  local pid
  pid=$(broker_pid)
  [ -n "$pid" ] && [ -n "$AMQP_PORT" ] && ps -ww -p "$pid" -o args= 2>/dev/null | grep -q -- "-tributary_port $AMQP_PORT"
}

broker_settle_ports() {
  if [ -z "$AMQP_PORT" ] || port_taken "$AMQP_PORT" || port_taken "$DIST_PORT"; then
    AMQP_PORT=$(free_port) DIST_PORT=$(free_port) EPMD_PORT=$(free_port)
    services_save
  fi
}

broker_start() {
  if broker_running; then return 0; fi
  if [ "$ENGINE" = docker ]; then
    compose up --detach --wait --quiet-pull rabbitmq
    return
  fi
  local home=$SERVICES_DIR/rabbitmq log=$SERVICES_DIR/log/rabbitmq leader waited=0
  mkdir -p "$home/home" "$home/log" "$home/schema" "$home/config"
  rm -f "$home/pid"
  broker_write_config "$home"
  "$EPMD" -port "$EPMD_PORT" -address 127.0.0.1 -daemon

  # In a process group of its own, so that Ctrl-C at the terminal does not reach it.
  set -m
  exec_rabbitmq nohup "$RABBITMQ_BIN/rabbitmq-server" </dev/null >"$log" 2>&1 &
  leader=$!
  set +m
  trap 'broker_abandon "$leader"; exit 143' TERM
  trap '' INT

  until amqp_answers "$AMQP_PORT"; do
    waited=$((waited + 1))
    if ! kill -0 "$leader" 2>/dev/null || [ "$waited" -gt $((SERVICE_PATIENCE * 10)) ]; then
      complain 'RabbitMQ did not start:'
      tail -n 40 "$log" "$home"/log/*.log >&2
      broker_abandon "$leader"
      return 1
    fi
    sleep 0.1
  done
}

# Ends a node that has not come up.
broker_abandon() {
  kill -KILL -- "-$1" 2>/dev/null
  wait "$1" 2>/dev/null
  broker_stop_epmd
}

broker_stop() {
  if [ "$ENGINE" = docker ]; then
    if broker_running; then compose stop rabbitmq; fi
    return
  fi
  local pid
  pid=$(broker_pid)
  if broker_running; then
    kill -TERM "$pid" # an orderly stop, without the seconds that rabbitmqctl takes to start
    wait_until_gone "$pid" || {
      kill -KILL "$pid"
      wait_until_gone "$pid"
    }
  fi
  broker_stop_epmd
}

broker_kill() {
  if [ "$ENGINE" = docker ]; then
    compose kill rabbitmq
    return
  fi
  local pid
  pid=$(broker_pid)
  if broker_running; then
    kill -KILL "$pid"
    wait_until_gone "$pid"
  fi
  broker_stop_epmd
}

# freeze or thaw
broker_signal() {
  if [ "$ENGINE" = docker ]; then
    if [ "$1" = freeze ]; then compose pause rabbitmq; else compose unpause rabbitmq; fi
    return
  fi
  kill "$(signal_to "$1")" "$(broker_pid)"
}

signal_to() { if [ "$1" = freeze ]; then printf '%s' -STOP; else printf '%s' -CONT; fi; }

# epmd agrees to stop once no node is registered, which is a moment after the node's end.
broker_stop_epmd() {
  local tries=0
  services_find_programs || return 0
  while [ -n "$EPMD_PORT" ] && port_taken "$EPMD_PORT" && [ "$tries" -lt 50 ]; do
    "$EPMD" -port "$EPMD_PORT" -kill >/dev/null 2>&1 || true
    tries=$((tries + 1))
    sleep 0.1
  done
}

broker_ctl() {
  if [ "$ENGINE" = docker ]; then
    compose exec -T rabbitmq rabbitmqctl "$@"
    return
  fi
  (exec_rabbitmq "$RABBITMQ_BIN/rabbitmqctl" "$@")
}

broker_write_config() {
  local home=$1
  (
    umask 077
    cat >"$home/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$AMQP_PORT
default_user = tributary
default_pass = $AMQP_PASSWORD
disk_free_limit.absolute = 50MB
log.console = false
log.file.level = info
CONF
    echo '[].' >"$home/enabled_plugins"
    [ -s "$home/home/.erlang.cookie" ] || random_word >"$home/home/.erlang.cookie"
  )
  chmod 400 "$home/home/.erlang.cookie"
}

# Becomes a program of RabbitMQ's, with everything pointing into DIR and nothing read from /etc. The log of the quorum queues has its room
# before it needs it: one that finds the disk full ends, and confirms nothing until the node is started again.
exec_rabbitmq() {
  local home=$SERVICES_DIR/rabbitmq
  cd "$home" && exec env HOME="$home/home" ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=tributary@localhost RABBITMQ_DIST_PORT="$DIST_PORT" RABBITMQ_CONF_ENV_FILE="$home/none" \
    RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$home/none.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" RABBITMQ_PID_FILE="$home/pid" \
    RABBITMQ_MNESIA_BASE="$home/data" RABBITMQ_LOG_BASE="$home/log" RABBITMQ_SCHEMA_DIR="$home/schema" \
    RABBITMQ_GENERATED_CONFIG_DIR="$home/config" RABBITMQ_LOGS= \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-ra wal_pre_allocate true -kernel inet_dist_use_interface {127,0,0,1} -tributary_port $AMQP_PORT" \
    "$@"
}

# True when the port speaks AMQP 0-9-1: the server answers the protocol header with a method frame (type 1).
amqp_answers() (
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 1
  printf 'AMQP\0\0\11\1' >&3
  IFS= read -r -t 2 -n 1 -d '' frame_type <&3
  [ "$frame_type" = $'\001' ]
)

# --- small things ----------------------------------------------------------------------------------------------------

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range that systems hand out to clients.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
    if ! port_taken "$port"; then
      echo "$port"
      return
    fi
  done
}

random_word() {
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
  echo
}

# A zombie is dead: some containers have nobody to reap it.
process_lives() {
  case $(ps -p "$1" -o stat= 2>/dev/null) in '' | Z*) return 1 ;; esac
}

wait_until_gone() {
  local pid waited=0
  for pid in "$@"; do
    while process_lives "$pid"; do
      waited=$((waited + 1))
      if [ "$waited" -gt $((SERVICE_PATIENCE * 10)) ]; then return 1; fi
      sleep 0.1
    done
  done
}
