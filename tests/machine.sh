#!/bin/sh
# What tests need of the machine itself: a browser, PostgreSQL, clamd, Dovecot, LibreOffice,
# gettext, fonts.
# As root it is installed; otherwise this says what to install, and in CI that is an error.
# It runs before `make setup`, which refuses to start without some of it.
set -eu
python=${1:-python3}

packages=""
need() { # need PACKAGE COMMAND…: the package is missing unless the command succeeds
    package=$1
    shift
    "$@" >/dev/null 2>&1 || packages="$packages $package"
}
has_postgres() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
has_clamd() { command -v clamd || ls /usr/sbin/clamd; }
has_dovecot() { command -v dovecot || ls /usr/sbin/dovecot; }
has_venv() { "$python" -c 'import ensurepip, venv'; }
has_magic() { "$python" -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("magic"))'; }
has_fonts() { ls /usr/share/fonts/truetype/liberation* || fc-list | grep -i liberation; }

need python3-venv has_venv
need libmagic1 has_magic
need chromium command -v chromium
need postgresql has_postgres
need clamav-daemon has_clamd
need dovecot-imapd has_dovecot
need libreoffice-writer-nogui command -v soffice
need gettext command -v xgettext
need fonts-liberation has_fonts
test -n "$packages" || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests:$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # These packages would start servers of their own; tests start theirs.
    mkdir -p /etc/postgresql-common
    test -e /etc/postgresql-common/createcluster.conf ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    # shellcheck disable=SC2086  # several packages
    apt-get install -qq --yes --no-install-recommends $packages >/dev/null
    exit 0
fi

echo "The tests also need:$packages" >&2
echo "On Debian and Ubuntu: sudo apt-get install$packages" >&2
test "${CI:-}" != true || exit 1
echo "Going on without; tests that need it are skipped." >&2
