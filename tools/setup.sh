#!/bin/sh
# Sets up everything the project needs, inside the project: Python packages in .venv, npm packages
# in node_modules, the Solidity compiler and anvil in .tools. Run again, it checks and returns.
# A failure is one line with the remedy; what pip and npm said is in .tools/setup.log.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
log=.tools/setup.log
python_locks="tools/build-requirements.lock requirements.lock"
needed_megabytes=1500

fail() {
    echo "setup: $*" >&2
    exit 1
}

fail_to_install() {
    if grep -qE "ENOSPC|No space left" "$log"; then
        fail "the disk is full: free $needed_megabytes MB, then run this again"
    elif grep -qE "EROFS|EACCES|Read-only file system|Permission denied" "$log"; then
        fail "no permission to write: see $log, give yourself the folder it names, run this again"
    elif grep -qE "NewConnectionError|ConnectTimeout|ReadTimeout|NameResolution|name resolution|\
ProxyError|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH" "$log"; then
        fail "no network to download $1: check the connection or proxy, run this again (see $log)"
    fi
    fail "could not install $1: read the end of $log, then run this again"
}

check_node() {
    command -v node >/dev/null 2>&1 ||
        fail "node is missing: install Node.js 20 or newer, then run this again"
    version=$(node --version 2>/dev/null)
    major=${version#v}
    [ "${major%%.*}" -ge 20 ] 2>/dev/null ||
        fail "node is ${version:-broken}: install Node.js 20 or newer, then run this again"
    command -v npm >/dev/null 2>&1 ||
        fail "npm is missing: install it (it comes with Node.js), then run this again"
}

is_supported() {
    case $("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) in
        3.11 | 3.12) return 0 ;;
        *) return 1 ;;
    esac
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        python=$PYTHON
        is_supported "$python" ||
            fail "PYTHON=$python is not Python 3.11 or 3.12: name one that is, or unset it"
        return
    fi
    for python in python3.12 python3.11 python3 python; do
        is_supported "$python" && return
    done
    fail "Python 3.11 or 3.12 is missing: install one, or name it: make PYTHON=/path/to/python3.12"
}

check_space() {
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${free:-$needed_megabytes}" -ge "$needed_megabytes" ] ||
        fail "the disk has only $free MB free: make room for $needed_megabytes MB, run this again"
}

# Two set-ups at once would delete each other's work; the lock of a dead one is taken over.
take_lock() {
    if ! mkdir .tools/setup.lock 2>/dev/null; then
        owner=$(cat .tools/setup.lock/pid 2>/dev/null)
        if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then
            fail "another set-up is running (process $owner): wait for it, then run this again"
        fi
    fi
    echo $$ >.tools/setup.lock/pid
    trap 'rm -rf .tools/setup.lock' EXIT
    trap 'exit 130' INT TERM
    : >"$log"
}

# A stamp is written last, so an interrupted set-up has none and starts over. It holds the lock
# files, and the folder's path because a virtual environment does not survive a move.
stamp() {
    echo "$root"
    cat "$@"
}

has_python_packages() {
    # shellcheck disable=SC2086
    [ -x .venv/bin/python ] && stamp $python_locks | cmp -s - .venv/stamp
}

has_npm_packages() {
    stamp package-lock.json | cmp -s - node_modules/stamp
}

install_npm_packages() {
    echo "setup: installing npm packages"
    rm -rf .tools/bin .tools/foundry .tools/solc
    npm ci --include=dev --include=optional </dev/null >>"$log" 2>&1 ||
        fail_to_install "npm packages"
    stamp package-lock.json >node_modules/stamp || fail_to_install "npm packages"
}

install_python_packages() {
    echo "setup: installing Python packages (a minute or two)"
    rm -rf .venv
    "$python" -m venv .venv >>"$log" 2>&1 || {
        grep -q ensurepip "$log" &&
            fail "$python lacks its venv module: install it (Debian: python3-venv), run this again"
        fail_to_install "Python packages"
    }
    pip_install --requirement tools/build-requirements.lock
    # A few packages come as source only: build them with the locked setuptools just installed.
    pip_install --no-build-isolation --requirement requirements.lock
    # shellcheck disable=SC2086
    stamp $python_locks >.venv/stamp || fail_to_install "Python packages"
}

pip_install() {
    .venv/bin/python -m pip install --no-input --disable-pip-version-check --require-hashes "$@" \
        </dev/null >>"$log" 2>&1 || fail_to_install "Python packages"
}

# The wrappers in node_modules/.bin lose exit codes; these are the binaries themselves.
link_binaries() {
    mkdir -p .tools/bin .tools/foundry
    for tool in anvil forge; do
        for binary in node_modules/@foundry-rs/"$tool"-*/bin/"$tool"; do
            [ -x "$binary" ] || {
                rm -f node_modules/stamp
                fail "npm has no $tool for $(uname -sm): use Linux on x86-64 or macOS on ARM"
            }
            ln -sfn "../../$binary" ".tools/foundry/$tool"
        done
    done
    ln -sfn ../../tools/anvil.sh .tools/bin/anvil
}

# Ape finds a compiler by its file's name. A native one of the same build saves some seconds.
provide_compiler() {
    mkdir -p .tools/solc
    report=$(node tools/solc.cjs --version 2>>"$log") ||
        fail "the Solidity compiler does not start: delete node_modules, then run this again"
    build=$(echo "$report" | sed -n 's/^Version: \([^+]*+commit\.[0-9a-f]*\).*/\1/p')
    if solc --version 2>/dev/null | grep -qF "Version: $build."; then
        ln -sfn "$(command -v solc)" .tools/solc/native
    fi
    ln -sfn ../../tools/solc.cjs ".tools/solc/solc-v${build%%+*}"
    echo "$report" >.tools/solc/version
}

point_python_at_project() {
    for packages in .venv/lib/python3.*/site-packages; do
        hook=$(printf '%s\nimport tools.environment' "$root")
        [ "$(cat "$packages/levtoken.pth" 2>/dev/null)" = "$hook" ] ||
            echo "$hook" >"$packages/levtoken.pth"
    done
}

mkdir -p .tools 2>/dev/null && [ -w .tools ] ||
    fail "cannot write to $root: put the project into a folder of yours"
check_node
if ! has_python_packages || ! has_npm_packages; then
    find_python
    check_space
    take_lock
    has_npm_packages || install_npm_packages
    has_python_packages || install_python_packages
    echo "setup: done"
fi
[ -x .tools/foundry/anvil ] && [ -x .tools/foundry/forge ] && [ -x .tools/bin/anvil ] ||
    link_binaries
[ -s .tools/solc/version ] || provide_compiler
point_python_at_project
