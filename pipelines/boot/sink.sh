#!/bin/sh
# Gives the network namespace it runs in a route to an interface that leads nowhere: what the server sends outward is
# counted there instead of refused unseen.
set -e
ip link set lo up
# A pair whose other end nobody listens to: every kernel that runs containers has veth, not every one has dummy.
ip link add sink type veth peer name nowhere
# The kernel itself would speak IPv6 on a new interface; attempts over IPv6 are counted as having no route.
for end in sink nowhere; do
  echo 1 > "/proc/sys/net/ipv6/conf/$end/disable_ipv6" 2>/dev/null || true
  ip link set "$end" arp off up
done
ip addr add 192.0.2.2/24 dev sink
ip route add default via 192.0.2.1
