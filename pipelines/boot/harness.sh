#!/bin/sh
# Runs one image under runc in a network namespace of its own and answers one port, on which channel.pl takes apart what is for whom:
#   server  the port that the image publishes ($1), reached from a namespace outside of the server's
#   orders  one line each: start, state, facts, processors, listeners, compile-cache MODE FOLDER..., log FROM, stop SIGNAL:SECONDS, stop-loading SIGNAL:SECONDS:START:LINE
# $2 is that port, or `answer` for one order. The server starts with the order start or stop-loading.
set -u
server_port=$1
channel_port=$2
state=/run/harness
mkdir -p $state /run/bundle

show_state() {
  if [ -e $state/exit ]; then echo "exit $(cat $state/exit)"; else echo running; fi
}

server_pid() {
  runc state server 2>/dev/null | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p'
}

# It waits for that at the named pipe, which nobody reads a second time.
start_server() {
  [ ! -p $state/go ] || { echo > $state/go; rm -f $state/go; }
}

stop_server() { # SIGNAL SECONDS
  began=$(date +%s%3N)
  runc kill server "$1"
  limit=$((began + $2 * 1000))
  while [ ! -e $state/exit ] && [ "$(date +%s%3N)" -lt $limit ]; do sleep 0.05; done
  [ -e $state/exit ] || { runc kill --all server KILL; echo killed; return; }
  echo "waited-ms $(($(date +%s%3N) - began))"
  show_state
}

# Stops a server while it loads: once its log has the line, within START seconds. One that was not started starts now.
stop_loading() { # SIGNAL SECONDS START LINE
  start_server
  limit=$(($(date +%s%3N) + $3 * 1000))
  until grep -qsF -- "$4" $state/log; do
    if [ -e $state/exit ] || [ "$(date +%s%3N)" -ge $limit ]; then echo unseen; return; fi
    sleep 0.01
  done
  stop_server "$1" "$2"
}

if [ "$channel_port" = answer ]; then
  read -r order argument
  case $order in
    start) start_server ;;
    state) show_state ;;
    facts) sh /harness/facts.sh "$(server_pid)" "$(cat $state/outside)" $state/sent ;;
    processors) sh /harness/processors.sh "$(server_pid)" ;;
    compile-cache)
      mode=${argument%% *}
      # Folders have no blanks.
      # shellcheck disable=SC2086
      sh /harness/compile-cache.sh "$mode" "$(server_pid)" - ${argument#"$mode"}
      ;;
    listeners) ip netns exec box cat /proc/net/tcp /proc/net/tcp6 2>/dev/null ;;
    # A piece at a time: a log that grows while it is sent would never end.
    log) tail -c "+$((argument + 1))" $state/log | head -c 1000000 ;;
    stop) stop_server "${argument%%:*}" "${argument##*:}" ;;
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
ip netns exec box sh /harness/sink.sh
ip netns exec box perl /harness/sent.pl nowhere > $state/sent 2>&1 &
until [ -s $state/sent ]; do sleep 0.01; done
ip netns exec caller sh /harness/published.sh box /run/netns/box "$server_port" || exit 1

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
  runc run --bundle /run/bundle server > $state/log 2>&1
  echo $? > $state/exit.part
  mv $state/exit.part $state/exit
) &
while [ ! -S $state/channel ] || [ ! -S $state/orders ]; do sleep 0.01; done
exec socat "TCP-LISTEN:$channel_port,fork,reuseaddr" "UNIX-CONNECT:$state/channel"
