#!/bin/sh
# Gives the network namespace it runs in a route to an interface that leads nowhere: what the server sends outward is
# counted there instead of refused unseen.
set -e
ip link set lo up
ip link add sink type dummy
# The kernel itself would speak IPv6 on a new interface; attempts over IPv6 are counted as having no route.
echo 1 > /proc/sys/net/ipv6/conf/sink/disable_ipv6 2>/dev/null || true
ip addr add 192.0.2.2/24 dev sink
ip link set sink up arp off
ip route add default via 192.0.2.1
