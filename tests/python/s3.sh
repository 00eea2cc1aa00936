#!/usr/bin/env bash
# Files in S3-compatible storage: the same promises as those of a folder, against moto's S3 on a free port.
# tests/python/run.sh has installed it.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=${CARGO_TARGET_DIR:-target}/python
port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$venv/bin/moto_server" --host 127.0.0.1 --port "$port" >"$venv/s3.log" 2>&1 &
storage=$!
trap 'kill $storage 2>/dev/null || true' EXIT

for _ in $(seq 120); do
    "$venv/bin/python" -c "import httpx; httpx.put('http://127.0.0.1:$port/files').raise_for_status()" 2>/dev/null && break
    kill -0 $storage 2>/dev/null || { cat "$venv/s3.log" >&2; exit 1; }
    sleep 0.25
done

export MADOGUCHI_STORAGE_URL=s3://files/tests AWS_ENDPOINT=http://127.0.0.1:$port AWS_ALLOW_HTTP=true
export AWS_REGION=ap-northeast-1 AWS_ACCESS_KEY_ID=tests AWS_SECRET_ACCESS_KEY=tests
cargo test --locked --lib blobs::tests::s3 -- --ignored --exact
