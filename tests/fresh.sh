#!/bin/sh
# fresh.sh - the two README commands on a machine that has nothing: a clean
# Debian made by debootstrap, a clone of this repository, ./demo, ./check.
#
#     tests/fresh.sh [--keep] [DIRECTORY]     needs root, debootstrap, a Debian mirror and npm
#
# DIRECTORY (default /var/tmp/tarsier-fresh) keeps the bare system for next time;
# the machine made from it is new in every run and removed at the end, unless
# --keep.  SUITE=trixie tries another Debian, MIRROR another mirror.  COMMANDS
# replaces "./demo ./check".
#
# A machine behind a proxy or a private certificate authority hands its settings
# on: proxy variables, /etc/apt/apt.conf.d/*proxy*, /usr/local/share/ca-certificates.
# Everything runs in its own mount namespace, so no mount outlives the script.
# SPDX-License-Identifier: MIT
set -eu

keep=
[ "${1-}" = --keep ] && keep=1 && shift
directory=${1-/var/tmp/tarsier-fresh}
suite=${SUITE-bookworm}
# the mirror that this machine uses
mirror=${MIRROR-$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)}
commands=${COMMANDS-./demo ./check}
source=$(cd "$(dirname "$0")/.." && pwd)
base=$directory/$suite
root=$directory/machine

[ "$(id -u)" -eq 0 ] || { echo "fresh.sh: must be root, for chroot and mount" >&2; exit 1; }
if [ -z "${FRESH_NAMESPACE-}" ]; then
    exec env FRESH_NAMESPACE=1 unshare --mount --propagation private "$0" ${keep:+--keep} \
        "$directory"
fi

mkdir -p "$directory"
if [ ! -e "$base/.complete" ]; then
    echo "== bare $suite"
    rm -rf "$base"
    debootstrap --variant=minbase "$suite" "$base" "$mirror" >"$directory/debootstrap.log"
    touch "$base/.complete"
fi

rm -rf "$root"
cp -a "$base" "$root"
[ -n "$keep" ] || trap 'umount -l "$root/proc" "$root/dev"; rm -rf "$root"' EXIT
cp -L /etc/resolv.conf "$root/etc/"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || :
if [ -n "$(ls /usr/local/share/ca-certificates 2>/dev/null)" ]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
git clone --quiet --no-hardlinks "$source" "$root/srv/tarsier"

# inside COMMAND...: in the new machine, with no variable of this one but proxies.
inside() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        ${no_proxy:+no_proxy="$no_proxy"} ${CI:+CI="$CI"} \
        chroot "$root" sh -c 'cd /srv/tarsier && exec "$@"' sh "$@" </dev/null
}

result=0
for command in $commands; do
    echo "== $command"
    begin=$(date +%s)
    status=0
    inside "$command" || status=$?
    echo "== $command: exit status $status after $(($(date +%s) - begin)) s"
    [ $status -eq 0 ] || result=1
done
exit $result
