#!/bin/sh
# Finds the browser that the tests of the report look with: CHROMIUM, else what is on the PATH; as
# root on a Debian it installs its package.
set -eu

found() {
    for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

if [ -n "${CHROMIUM:-}" ] && ! command -v "$CHROMIUM" >/dev/null 2>&1; then
    echo "browser: CHROMIUM is $CHROMIUM, which cannot be run. Name the browser's program, or unset it." >&2
    exit 1
fi
found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "browser: installing Debian's chromium (once; the tests of the report look with it)"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    found && exit 0
fi
echo "browser: no Chromium on this machine. Install it (on Debian and Ubuntu: apt-get install chromium), or name it: make test CHROMIUM=/path/to/chromium" >&2
exit 1
