#!/bin/sh
# Runs one image under runc in a network namespace of its own and answers two ports:
#   $1      bridged to the server inside
#   $2      one-line orders: facts, log, stop SECONDS
set -u
server_port=$1
order_port=$2
state=/run/harness
mkdir -p $state /run/bundle

if [ "$order_port" = answer ]; then
  read -r order argument
  pid=$(runc state server 2>/dev/null | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p')
  case $order in
    facts)
      if [ -e $state/exit ]; then echo "exit $(cat $state/exit)"; else echo "state running"; fi
      cat "/proc/$pid/status" 2>/dev/null || cat $state/last-status 2>/dev/null
      awk '$5 == "/" { print "root", $6 }' "/proc/$pid/mountinfo" 2>/dev/null
      echo "outward $(ip netns exec box cat /sys/class/net/sink/statistics/tx_packets)"
      echo "interfaces $(ip netns exec box ls /sys/class/net | tr '\n' ' ')"
      ;;
    log) cat $state/log ;;
    stop)
      cat "/proc/$pid/status" > $state/last-status 2>/dev/null
      runc kill server "${argument%%:*}"
      waited=0
      while [ ! -e $state/exit ] && [ $waited -lt $((${argument##*:} * 20)) ]; do sleep 0.05; waited=$((waited + 1)); done
      [ -e $state/exit ] || { echo "killed"; runc kill server KILL; exit 0; }
      echo "exit $(cat $state/exit)"
      echo "waited-ms $((waited * 50))"
      ;;
  esac
  exit 0
fi

ip netns add box
ip -n box link set lo up
# A route to an interface that leads nowhere: what the server sends outward is counted there instead of refused unseen.
ip -n box link add sink type dummy
ip netns exec box sh -c 'echo 1 > /proc/sys/net/ipv6/conf/sink/disable_ipv6' 2>/dev/null
ip -n box addr add 192.0.2.2/24 dev sink
ip -n box link set sink up arp off
ip -n box route add default via 192.0.2.1

cp /harness/config.json /run/bundle/config.json
(
  runc run --bundle /run/bundle server > $state/log 2>&1
  echo $? > $state/exit.part
  mv $state/exit.part $state/exit
) &
socat "TCP-LISTEN:$order_port,fork,reuseaddr" "EXEC:sh /harness/harness.sh $server_port answer" &
exec socat "TCP-LISTEN:$server_port,fork,reuseaddr" "EXEC:ip netns exec box socat STDIO TCP\:127.0.0.1\:$server_port"
