#!/bin/sh
# What the machine itself must have before `make setup`; names what is missing and how to get it.
python=${1:-python3}

missing() {
    echo "Halbjahr needs $1, which is not here. $2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    missing "Python 3.11 or later" "On Debian and Ubuntu: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    missing "Python 3.11 or later" "Name another one: make setup PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    missing "Python's venv module" "On Debian and Ubuntu: apt-get install python3-venv"
"$python" - <<'P' || missing "libmagic" "On Debian and Ubuntu: apt-get install libmagic1; on macOS: brew install libmagic"
import ctypes.util, glob, sys
brewed = glob.glob("/opt/homebrew/lib/libmagic.dylib") + glob.glob("/usr/local/lib/libmagic.dylib")
sys.exit(not (ctypes.util.find_library("magic") or brewed))
P
