#!/bin/sh
# Starts Lessor as an ordinary user in a Debian that holds nothing but its minimal system and python3.
#
#   sudo tests/interop/bare_debian.sh [FOLDER]
#
# Builds the tree with debootstrap in FOLDER (default: a temporary one, removed afterwards; a given one is kept and
# used again), clones this checkout into it and runs, as uid 65534 with an empty home: the first start, the second,
# `demo` until it answers /healthz, and a small part of the tests. Needs root, debootstrap and
# an archive of Debian; not part of the CI, for it fetches some 100 MB.
set -eu

ROOT=$(CDPATH='' cd -P -- "$(dirname -- "$0")/../.." && pwd)
if [ $# -gt 0 ]; then
    TREE=$1
    mkdir -p "$TREE"
else
    TREE=$(mktemp -d)
    trap 'rm -rf --one-file-system "$TREE"' EXIT
fi

[ "$(id -u)" = 0 ] || {
    echo "needs root, for debootstrap and chroot" >&2
    exit 1
}
if [ ! -e "$TREE/etc/debian_version" ]; then
    echo "== debootstrap"
    debootstrap --variant=minbase --include=python3 "${LESSOR_DEBIAN_SUITE:-bookworm}" "$TREE" \
        ${LESSOR_DEBIAN_MIRROR:+"$LESSOR_DEBIAN_MIRROR"} >"$TREE.log" 2>&1 || {
        tail -n 5 "$TREE.log" >&2
        exit 1
    }
fi

# What the network of this machine asks of a program: how names are found, which certificates are trusted, a proxy.
cp -L /etc/resolv.conf "$TREE/etc/resolv.conf"
ca=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
mkdir -p "$TREE/etc/ssl/certs"
[ ! -r "$ca" ] || cp -L "$ca" "$TREE/etc/ssl/certs/lessor-test.crt"

rm -rf "$TREE/srv/lessor" "$TREE/srv/home"
mkdir -p "$TREE/srv/home"
git clone -q "$ROOT" "$TREE/srv/lessor"
chown -R 65534:65534 "$TREE/srv"

ordinary() { # command ...
    chroot --userspec=65534:65534 "$TREE" /usr/bin/env -i HOME=/srv/home PATH=/usr/bin:/bin LANG=C.UTF-8 \
        PIP_CERT=/etc/ssl/certs/lessor-test.crt ${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} "$@"
}

timed() { # command ...
    began=$(date +%s%N)
    "$@"
    echo "took $((($(date +%s%N) - began) / 1000000)) ms"
}

echo "== what the tree has"
cat "$TREE/etc/debian_version"
ordinary python3 --version
for name in pip uv make gcc curl wget git ip; do
    if ordinary sh -c "command -v $name" >/dev/null; then echo "$name: here"; else echo "$name: missing"; fi
done
if ordinary python3 -c 'import ensurepip' 2>/dev/null; then echo "ensurepip: here"; else echo "ensurepip: missing"; fi

echo "== first start"
timed ordinary /srv/lessor/lessor --version
echo "== second start"
timed ordinary /srv/lessor/lessor --version
echo "== demo"
ordinary /srv/lessor/lessor demo --seconds 20 &
demo=$!
ordinary python3 -c '
import sys, time, urllib.request
for _ in range(60):
    time.sleep(1)
    try:
        with urllib.request.urlopen("http://127.0.0.1:8067/healthz", timeout=5) as answer:
            print("healthz:", answer.status)
            sys.exit(0)
    except OSError:
        pass
sys.exit("no answer from /healthz in 60 s")
'
wait "$demo"
echo "== a part of the tests"
ordinary /srv/lessor/lessor test tests/dhcpcore/wire tests/dhcpcore/settings
echo "== done"
