#!/bin/sh
# Makes the network namespace it runs in the outside of a server: one wire to the server's namespace and nothing beyond.
#   $1      network namespace of the server, a name or a process
#   $2      the same as a file
#   $3      port that the image publishes
#   $4...   what the script becomes afterwards, if anything
set -e
address=192.0.2.2
caller=198.51.100.1
# Both ends have one hardware address and no ARP, so nothing but the conversation goes over the wire.
hardware=02:00:c6:33:64:01
ip link add caller address $hardware type veth peer name published address $hardware netns "$1"
# The kernel itself would speak IPv6 on a new interface.
echo 1 > /proc/sys/net/ipv6/conf/caller/disable_ipv6 2>/dev/null || true
ip link set caller arp off up
ip addr add $caller/32 dev caller
ip route add $address dev caller

# Only what leaves the published port (6 is TCP, whose name not every machine knows) finds the way back. All else the server
# sends still goes to the sink, and is counted.
nsenter "--net=$2" -- sh -ec "
  echo 1 > /proc/sys/net/ipv6/conf/published/disable_ipv6 2>/dev/null || true
  ip link set published arp off up
  ip rule add pref 100 ipproto 6 sport $3 lookup 100
  ip route add $caller dev published table 100
"

shift 3
[ $# -eq 0 ] || exec "$@"
