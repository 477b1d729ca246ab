#!/bin/sh
# Makes .venv from requirements.lock. Safe to interrupt and to run again: the stamp is taken away first and
# written last, and an environment without one is made afresh, because an install that was cut off can leave a
# package half written, which pip takes for installed. Safe to run twice at once: the second waits for the first.
# `make` calls it only when the stamp is older than the lock, so a second `make serve` starts at once.
#
#   PYTHON=python3.12 scripts/setup.sh     to choose the interpreter
set -eu
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.stamp

say() { printf '%s\n' "setup: $*" >&2; }
die() { say "$@"; exit 1; }

# Asking the interpreter is the only test that counts: a version manager's shim may be on PATH and not run.
known() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; }
recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        recent "$PYTHON" || die "PYTHON=$PYTHON does not run, or is older than Python 3.11"
        echo "$PYTHON"
        return
    fi
    # First one that the lock has wheels for, all of them tested; then any newer one, which may have to compile.
    for test in known recent; do
        for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
            if "$test" "$candidate"; then echo "$candidate"; return; fi
        done
    done
    die "Python 3.11 or newer is needed and none was found. On Debian 12, Ubuntu 24.04 or newer:" \
        "apt-get install python3 python3-venv. If it is elsewhere: make PYTHON=/path/to/python3 …"
}

# Debian and Ubuntu split ensurepip, without which `python -m venv` cannot put pip into the environment,
# into a package of its own.
make_venv() {
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "installing $package"
            apt-get update -qq >/dev/null || say "apt-get update failed; going on with the lists that are there"
            DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends "$package" >/dev/null || true
        fi
    fi
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        "$python" -m venv --clear "$venv"
    elif "$python" -m virtualenv --version >/dev/null 2>&1; then
        "$python" -m virtualenv --clear "$venv"
    elif "$python" -m pip --version >/dev/null 2>&1 && "$python" -c 'import venv' 2>/dev/null; then
        "$python" -m venv --clear --without-pip "$venv"
        "$python" -m pip --python "$venv/bin/python" install -q pip
    else
        die "$python cannot make a virtual environment: install $package (as root: apt-get install $package)"
    fi
}

# Where flock(1) is missing (macOS), do not run two at once.
exec 9>.venv.lock
if command -v flock >/dev/null; then
    flock -n 9 || { say "another set-up is running; waiting for it"; flock 9; }
fi
for source in requirements.lock pyproject.toml scripts/setup.sh; do
    [ -n "$(find "$stamp" -newer "$source" 2>/dev/null)" ] || stale=yes
done
[ "${stale:-no}" = yes ] || exit 0      # the run that we waited for did the work

if [ ! -e "$stamp" ] || ! recent "$venv/bin/python"; then
    python=$(find_python)
    say "making $venv with $("$python" --version 2>&1)"
    make_venv
fi
rm -f "$stamp"
# -qq leaves errors only: pip's warnings here are about the machine's own pip settings.
pip() { "$venv/bin/python" -m pip -qq --disable-pip-version-check "$@"; }
say "installing the packages of requirements.lock (a minute or two the first time)"
pip install --require-hashes -r requirements.lock
# No isolation: the pinned setuptools builds it, so nothing more is downloaded.
pip install --no-deps --no-build-isolation -e .
if ! complaint=$("$venv/bin/python" -m pip check 2>/dev/null); then
    touch -t 200001010000 "$stamp"      # whole, but out of date: the next run need not start afresh
    die "requirements.lock does not hold what pyproject.toml asks for; run make lock. $complaint"
fi
touch "$stamp"
