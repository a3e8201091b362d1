# packages.sh - sourced by ./demo and ./check: install Debian packages, but only
# those whose program or header is missing, and ask the mirror only then.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh

have_command() { command -v "$1" >/dev/null 2>&1; }
have_header()  { echo "#include <$1>" | cc -E - >/dev/null 2>&1; }

# as_root COMMAND...: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# missing COMMAND=PACKAGE, HEADER.h=PACKAGE or /FILE=PACKAGE ...: print the
# packages to install.
missing() {
    for pair; do
        case $pair in
            /*) [ -e "${pair%%=*}" ] ;;
            *.h=*) have_header "${pair%%=*}" ;;
            *) have_command "${pair%%=*}" ;;
        esac || printf '%s ' "${pair#*=}"
    done
}

# install_packages PACKAGE...: false, with the reason on standard error, when
# this machine cannot.  Everything apt says goes to build/apt.log.
install_packages() {
    [ $# -eq 0 ] && return 0
    if ! have_command apt-get; then
        echo "no apt-get here: please install what Debian calls: $*" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ] && ! have_command sudo; then
        echo "neither root nor sudo: please install: apt-get install $*" >&2
        return 1
    fi
    echo "installing: $*"
    mkdir -p build
    {
        if [ -z "${apt_updated-}" ]; then
            as_root apt-get update -q && apt_updated=1
        fi
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
            --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
    } >>build/apt.log 2>&1 </dev/null || {
        tail -n 5 build/apt.log >&2
        echo "apt-get could not install: $* (all it said: build/apt.log)" >&2
        return 1
    }
}

# What it takes to build the library and the program.
build_needs="cc=gcc make=make stdio.h=libc6-dev cjson/cJSON.h=libcjson-dev
             stb/stb_image.h=libstb-dev nettle/sha2.h=nettle-dev
             zlib.h=zlib1g-dev"
