#!/bin/sh
# What busybox udhcpc calls at each event: apply the lease as a small router's firmware does.
# The variables are udhcpc's own: interface, ip, mask, router, dns, domain, staticroutes.
set -eu
interface=${interface:?is set by udhcpc} mask=${mask:-}
echo "udhcpc-script: $1 ${ip:-} ${message:-}"
case $1 in
deconfig)
    ip link set "$interface" up
    ip -4 address flush dev "$interface"
    ;;
bound | renew)
    ip -4 address replace "$ip/$mask" dev "$interface"
    ip -4 route flush dev "$interface" proto dhcp
    if [ -n "${staticroutes:-}" ]; then
        # RFC 3442: where classless routes are given, the router option is ignored. udhcpc prints "net/bits gateway" pairs.
        # shellcheck disable=SC2086 # The list is meant to be split.
        set -- $staticroutes
        while [ $# -ge 2 ]; do
            ip -4 route replace "$1" via "$2" dev "$interface" proto dhcp onlink
            shift 2
        done
    else
        for gateway in ${router:-}; do
            ip -4 route replace default via "$gateway" dev "$interface" proto dhcp
            break
        done
    fi
    {
        [ -z "${domain:-}" ] || echo "search $domain"
        for server in ${dns:-}; do echo "nameserver $server"; done
    } > /etc/resolv.conf
    ;;
esac
