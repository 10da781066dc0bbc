#!/bin/sh
# Runs one image under runc in a network namespace of its own and answers two ports:
#   $1      the port that the image publishes, reached from a namespace outside of the server's
#   $2      one-line orders: state, facts, listeners, log FROM, stop SIGNAL:SECONDS
set -u
server_port=$1
order_port=$2
state=/run/harness
mkdir -p $state /run/bundle

show_state() {
  if [ -e $state/exit ]; then echo "exit $(cat $state/exit)"; else echo running; fi
}

if [ "$order_port" = answer ]; then
  read -r order argument
  case $order in
    state) show_state ;;
    facts)
      pid=$(runc state server 2>/dev/null | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p')
      sh /harness/facts.sh "$pid" "$(cat $state/outside)"
      ;;
    listeners) ip netns exec box cat /proc/net/tcp /proc/net/tcp6 2>/dev/null ;;
    # A piece at a time: a log that grows while it is sent would never end.
    log) tail -c "+$((argument + 1))" $state/log | head -c 1000000 ;;
    stop)
      began=$(date +%s%3N)
      runc kill server "${argument%%:*}"
      limit=$((began + ${argument##*:} * 1000))
      while [ ! -e $state/exit ] && [ "$(date +%s%3N)" -lt $limit ]; do sleep 0.05; done
      [ -e $state/exit ] || { runc kill --all server KILL; echo killed; exit 0; }
      echo "waited-ms $(($(date +%s%3N) - began))"
      show_state
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
ip netns exec caller sh /harness/published.sh box /run/netns/box "$server_port" || exit 1
ip netns exec caller socat "UNIX-LISTEN:$state/published,fork" "TCP:192.0.2.2:$server_port" 2>/dev/null &
echo $! > $state/outside

cp /harness/config.json /run/bundle/config.json
(
  runc run --bundle /run/bundle server > $state/log 2>&1
  echo $? > $state/exit.part
  mv $state/exit.part $state/exit
) &
socat "TCP-LISTEN:$order_port,fork,reuseaddr" "EXEC:sh /harness/harness.sh $server_port answer" &
exec socat "TCP-LISTEN:$server_port,fork,reuseaddr" "UNIX-CONNECT:$state/published"
