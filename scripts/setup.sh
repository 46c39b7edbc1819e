#!/bin/sh
# Makes .venv from the hashed locks: a Python, uv in .tools, the locked packages, this project editable.
# Needs Python >= 3.11 and the package index, nothing else; no root, no activated environment. Talks on stderr only.
#   scripts/setup.sh         everything that `make run` and `make test` need
#   scripts/setup.sh bench   adds the packages that `make bench` compares with
#   scripts/setup.sh lock    writes the locks anew; further arguments go to `uv pip compile`
set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P) # as make names the folder

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# The full path of a Python that is new enough; a shim that cannot start one does not count.
python_path() {
    "$1" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        python_path "$PYTHON" || die "PYTHON=$PYTHON does not start a Python 3.11 or newer. Point it at one, or unset it."
        return
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        python_path "$name" && return
    done
    die "no Python 3.11 or newer found (looked for python3, python3.14 to python3.11)." \
        "Install one (Debian: apt install python3 python3-pip), or name it: make PYTHON=/path/to/python3 ..."
}

# uv's own place, so that nothing is installed into the system's or the user's Python.
# `pip --target` is not refused where Python is marked as externally managed (PEP 668).
install_uv() {
    uv=.tools/uv/bin/uv
    stamp=.tools/uv/.lock
    if [ -x "$uv" ] && cmp -s requirements/tools.lock "$stamp"; then
        return
    fi
    python=$(find_python)
    say "installing uv into .tools"
    rm -rf .tools/uv .tools/pip
    if "$python" -m pip --version >/dev/null 2>&1; then
        pip=$python
    elif "$python" -m venv .tools/pip >/dev/null 2>&1; then
        pip=$root/.tools/pip/bin/python
    elif command -v uv >/dev/null 2>&1; then
        say "$python has neither pip nor venv: using $(command -v uv) as it is"
        uv=$(command -v uv)
        return
    else
        rm -rf .tools/pip
        die "$python has neither pip nor a working venv, and there is no uv to do without them." \
            "Install one of them (Debian: apt install python3-pip), or use another Python: make PYTHON=/path/to/python3 ..."
    fi
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$pip" -m pip install -qq --disable-pip-version-check --no-deps \
        --require-hashes --target .tools/uv -r requirements/tools.lock >&2 ||
        die "uv could not be installed (see above). Is the package index reachable?"
    rm -rf .tools/pip
    cp requirements/tools.lock "$stamp"
}

uv_environment() {
    export UV_PYTHON_DOWNLOADS=never UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}"
    # As pip does where it can: a company's own certificate authority is known to the system alone.
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        if [ -s "$bundle" ]; then
            export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
        fi
    done
    if [ -z "${UV_CACHE_DIR:-}" ] && ! mkdir -p "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv" 2>/dev/null; then
        export UV_CACHE_DIR="$root/.tools/cache"
    fi
}

packages() {
    say "$1"
    command=$2
    shift 2
    "$uv" pip "$command" --quiet --python .venv/bin/python "$@" >&2 ||
        die "the packages could not be installed (see above). Is the package index reachable?"
}

identity() { "$1" -c 'import sys; print(sys.base_prefix, sys.version)' 2>/dev/null || echo none; }

# Its programs name their Python by full path, so a virtual environment works only where it was made.
usable() { [ "$(cat .venv/.stamp 2>/dev/null)" = "$root" ] && [ "$(identity .venv/bin/python)" = "$(identity "$1")" ]; }

set_up() {
    install_uv
    uv_environment
    python=$(find_python)
    if ! usable "$python"; then
        say "creating .venv with $("$python" --version)"
        "$uv" venv --quiet --clear --python "$python" .venv >&2 || die "the virtual environment could not be made (see above)"
    fi
    packages "installing the locked packages into .venv" sync --require-hashes requirements/dev.lock
    packages "installing rota, editable" install --no-deps --editable .
    printf '%s\n' "$root" > .venv/.stamp
}

set_up_bench() {
    install_uv
    uv_environment
    packages "adding the packages to compare with" install --require-hashes -r requirements/bench.lock
    printf '%s\n' "$root" > .venv/.stamp-bench
}

# Locks name versions and hashes, never the place they came from: any mirror will do.
compile() {
    lock=$1
    shift
    say "writing $lock"
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-sources \
        --custom-compile-command "make lock" --output-file "$lock" "$@" >/dev/null
}

write_locks() {
    install_uv
    uv_environment
    compile requirements/tools.lock --group tools "$@"
    compile requirements/dev.lock pyproject.toml --extra http --extra postgres --group dev "$@"
    compile requirements/bench.lock pyproject.toml --extra http --extra postgres --group bench --constraints requirements/dev.lock "$@"
}

case "${1:-}" in
    '') set_up; say "ready" ;;
    bench) set_up_bench ;;
    lock) shift; write_locks "$@" ;;
    *) die "unknown: $1 (known: bench, lock, or nothing)" ;;
esac
