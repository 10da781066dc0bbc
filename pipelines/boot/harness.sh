#!/bin/sh
# Runs one image under runc in a network namespace of its own and answers one port, on which channel.pl takes apart what is for whom:
#   server  the port that the image publishes ($1), reached from a namespace outside of the server's
#   orders  one line each: start, state, facts, processors, listeners, compile-cache MODE FOLDER..., log FROM, stop SIGNAL:SECONDS, stop-loading SIGNAL:SECONDS:START:LINE
# $2 is that port, or `answer` for one order. The server starts with the order start or stop-loading.
# HARNESS_WORKERS is how many workers the server has, each under runc in a namespace of its own, which listen on HARNESS_WORKER_PORT.
# state, facts, log and stop ask one of them as well: `worker-1/state`.
set -u
server_port=$1
channel_port=$2
workers=${HARNESS_WORKERS:-0}
state=/run/harness
mkdir -p $state /run/bundle

show_state() { # NAME
  if [ -e "$state/$1.exit" ]; then echo "exit $(cat "$state/$1.exit")"; else echo running; fi
}

pid_of() { # NAME
  runc state "$1" 2>/dev/null | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p'
}

run_in_runc() { # NAME FOLDER
  runc run --bundle "$2" "$1" > "$state/$1.log" 2>&1
  echo $? > "$state/$1.exit.part"
  mv "$state/$1.exit.part" "$state/$1.exit"
}

# A way out that leads nowhere, with somebody who writes down what takes it.
watched_sink() { # NAMESPACE NAME
  ip netns exec "$1" sh /harness/sink.sh
  ip netns exec "$1" perl /harness/sent.pl nowhere > "$state/$2.sent" 2>&1 &
  until [ -s "$state/$2.sent" ]; do sleep 0.01; done
}

worker_listens() { # NAME
  ip netns exec "$1" cat /proc/net/tcp |
    grep -q "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$HARNESS_WORKER_PORT") [0-9A-F:]* 0A "
}

# A server that starts before its workers fails, as anywhere. One that does not come up is the server's to tell.
await_workers() {
  limit=$(($(date +%s%3N) + 60000))
  for number in $(seq "$workers"); do
    until worker_listens "worker-$number"; do
      if [ -e "$state/worker-$number.exit" ] || [ "$(date +%s%3N)" -ge $limit ]; then return; fi
      sleep 0.02
    done
  done
}

# It waits for that at the named pipe, which nobody reads a second time.
start_server() {
  [ ! -p $state/go ] || { await_workers; echo > $state/go; rm -f $state/go; }
}

stop_in_runc() { # NAME SIGNAL SECONDS
  began=$(date +%s%3N)
  runc kill "$1" "$2"
  limit=$((began + $3 * 1000))
  while [ ! -e "$state/$1.exit" ] && [ "$(date +%s%3N)" -lt $limit ]; do sleep 0.05; done
  [ -e "$state/$1.exit" ] || { runc kill --all "$1" KILL; echo killed; return; }
  echo "waited-ms $(($(date +%s%3N) - began))"
  show_state "$1"
}

# Stops a server while it loads: once its log has the line, within START seconds. One that was not started starts now.
stop_loading() { # SIGNAL SECONDS START LINE
  start_server
  limit=$(($(date +%s%3N) + $3 * 1000))
  until grep -qsF -- "$4" $state/server.log; do
    if [ -e $state/server.exit ] || [ "$(date +%s%3N)" -ge $limit ]; then echo unseen; return; fi
    sleep 0.01
  done
  stop_in_runc server "$1" "$2"
}

if [ "$channel_port" = answer ]; then
  read -r order argument
  name=server
  case $order in
    */*)
      name=${order%%/*}
      order=${order#*/}
      ;;
  esac
  # Nobody asks a worker from outside.
  outside=
  [ "$name" != server ] || outside=$(cat $state/outside)
  case $order in
    start) start_server ;;
    state) show_state "$name" ;;
    facts) sh /harness/facts.sh "$(pid_of "$name")" "$outside" "$state/$name.sent" ;;
    processors) sh /harness/processors.sh "$(pid_of server)" ;;
    compile-cache)
      mode=${argument%% *}
      # Folders have no blanks.
      # shellcheck disable=SC2086
      sh /harness/compile-cache.sh "$mode" "$(pid_of server)" - ${argument#"$mode"}
      ;;
    listeners) ip netns exec box cat /proc/net/tcp /proc/net/tcp6 2>/dev/null ;;
    # A piece at a time: a log that grows while it is sent would never end.
    log) tail -c "+$((argument + 1))" "$state/$name.log" | head -c 1000000 ;;
    stop) stop_in_runc "$name" "${argument%%:*}" "${argument##*:}" ;;
    stop-loading)
      rest=${argument#*:}
      line=${rest#*:}
      stop_loading "${argument%%:*}" "${rest%%:*}" "${line%%:*}" "${line#*:}"
      ;;
  esac
  exit 0
fi

# Version 2 gives a group no children with controllers while it holds processes itself (as docker's dind script does).
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/harness
  xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/harness/cgroup.procs
  echo +memory > /sys/fs/cgroup/cgroup.subtree_control
fi 2>/dev/null

# Everything that the server is asked comes from the namespace `caller`, as from another machine.
for name in box caller; do ip netns add $name; done
watched_sink box server
ip netns exec caller sh /harness/published.sh box /run/netns/box "$server_port" || exit 1

for number in $(seq "$workers"); do
  name=worker-$number
  ip netns add "$name"
  watched_sink "$name" "$name"
  ip netns exec box sh /harness/wire.sh "$name" "$number" || exit 1
  mkdir -p "/run/bundle-$name"
  cp "/harness/$name.json" "/run/bundle-$name/config.json"
  run_in_runc "$name" "/run/bundle-$name" &
done

# A secret is written into the configuration by words of the shell: no argument of a program holds it.
if [ -n "${HARNESS_SECRET:-}" ]; then
  printf 's|"env":\\[|"env":["%s=%s",|' "$HARNESS_SECRET_NAME" "$HARNESS_SECRET" |
    sed -f - /harness/config.json > /run/bundle/config.json
  unset HARNESS_SECRET
else
  cp /harness/config.json /run/bundle/config.json
fi
mkfifo $state/go
socat "UNIX-LISTEN:$state/orders,fork" "EXEC:sh /harness/harness.sh $server_port answer" &
ip netns exec caller perl /harness/channel.pl $state/channel "192.0.2.2:$server_port" $state/orders &
echo $! > $state/outside
(
  read -r _ < $state/go
  run_in_runc server /run/bundle
) &
while [ ! -S $state/channel ] || [ ! -S $state/orders ]; do sleep 0.01; done
exec socat "TCP-LISTEN:$channel_port,fork,reuseaddr" "UNIX-CONNECT:$state/channel"
