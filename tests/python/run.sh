#!/usr/bin/env bash
# Generates a Python client from openapi/openapi.json and takes a case from the first call to its closing with it,
# against a server of its own: a free port, a private database in a fresh folder. Ends non-zero on any failure.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
madoguchi=$target/debug/madoguchi
venv=$target/python

fail() {
    echo "tests/python/run.sh: $*" >&2
    exit 1
}

[[ -x $madoguchi ]] || fail "$madoguchi is missing: run \`cargo build\` first."
python3 -c 'import venv, ensurepip' 2>/dev/null ||
    fail "Python 3.11 or newer with venv is missing: apt-get install python3-venv"

# The server of this test is set up by this script alone.
for variable in $(compgen -e); do
    case $variable in
        MADOGUCHI_PG_BIN_DIR) ;;
        DATABASE_URL | DATABASE_*_URL | MADOGUCHI_* | PG*) unset "$variable" ;;
    esac
done

# Installed once, and again when a version changes.
if ! cmp --silent tests/python/requirements.txt "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/python/requirements.txt
    cp tests/python/requirements.txt "$venv/requirements.txt"
fi

# Short, as a socket lives in it; and root's PostgreSQL, which runs as somebody else, must be able to pass.
scratch=$(mktemp --directory /tmp/madoguchi-walk.XXXXXX)
chmod 711 "$scratch"
server=
stop() {
    local status=$?
    trap - EXIT
    if [[ -n $server ]]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if ((status != 0)) && [[ -s $scratch/log ]]; then
        echo "The server's last words:" >&2
        tail --lines=20 "$scratch/log" >&2
    fi
    rm -rf "$scratch"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

# The generator calls ruff by name. A warning means that a part of the document was left out.
PATH=$PWD/$venv/bin:$PATH openapi-python-client generate --path openapi/openapi.json --config tests/python/client.yml \
    --meta none --fail-on-warning \
    --output-path "$scratch/client/madoguchi_client" >"$scratch/generator" 2>&1 ||
    { cat "$scratch/generator" >&2; fail "the client could not be generated"; }

export MADOGUCHI_DATA_DIR=$scratch/data
address=127.0.0.1:$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$madoguchi" serve --listen "$address" >"$scratch/log" 2>&1 &
server=$!

ready() {
    "$venv/bin/python" -c "import sys, httpx; sys.exit(httpx.get('http://$address/readyz').status_code != 200)" 2>/dev/null
}
for _ in $(seq 240); do
    ready && break
    kill -0 "$server" 2>/dev/null || fail "the server did not start"
    sleep 0.25
done
ready || fail "the server is not ready after a minute"

# The first admin, beside the running server, as an office would make them.
password=$("$venv/bin/python" -c 'import secrets; print(secrets.token_urlsafe(24))')
"$madoguchi" user create --email admin@madoguchi.example --name '事務局 管理者' --role admin <<<"$password" >/dev/null

PYTHONPATH=$scratch/client PYTHONDONTWRITEBYTECODE=1 MADOGUCHI_URL=http://$address \
    MADOGUCHI_ADMIN=admin@madoguchi.example MADOGUCHI_PASSWORD=$password \
    "$venv/bin/python" -W error tests/python/walk.py

"$madoguchi" audit verify
