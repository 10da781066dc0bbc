#!/bin/sh
# Joins the network namespace it runs in, which is a server's, with that of a worker: one wire, and nothing beyond.
#   $1  network namespace of the worker, whose name the wire has here
#   $2  number of the worker: the last part of its address
set -e
server=203.0.113.254
worker=203.0.113.$2
# Both ends have one hardware address and no ARP, so nothing but the conversation goes over the wire.
hardware=02:00:cb:00:71:$(printf %02x "$2")
ip link add "$1" address "$hardware" type veth peer name server address "$hardware" netns "$1"
# The kernel itself would speak IPv6 on a new interface.
echo 1 > "/proc/sys/net/ipv6/conf/$1/disable_ipv6" 2>/dev/null || true
ip link set "$1" arp off up
ip addr add $server/32 dev "$1"
ip route add "$worker" dev "$1" src $server

ip netns exec "$1" sh -ec "
  echo 1 > /proc/sys/net/ipv6/conf/server/disable_ipv6 2>/dev/null || true
  ip link set server arp off up
  ip addr add $worker/32 dev server
  ip route add $server dev server src $worker
"
