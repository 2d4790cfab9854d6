"""The child process that runs a small model: llama.cpp's server on loopback, until its parent ends.

    python -m nightdesk.agents.local_server FOLDER

FOLDER/told.json says what to serve; once it does, FOLDER/ready.json says where.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

_LOOK_SECONDS = 0.5  # between looks at whether the parent lives: not every system can end a child with it


def main() -> None:
    """Serve until killed, or until the parent is gone."""
    parent = os.getppid()
    folder = Path(sys.argv[1])
    told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    (folder / "told.json").unlink()  # it holds the key
    xllamacpp: Any = importlib.import_module("xllamacpp")  # comes only with an extra, and without types
    wanted = xllamacpp.CommonParams()
    wanted.model.path = told["weights"]
    wanted.model_alias = {told["model"]}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0  # any free one
    wanted.api_keys = [told["api_key"]]
    wanted.cors_origins = ""  # no web page may ask
    wanted.offline = True
    wanted.ui = False
    wanted.endpoint_slots = False  # they would show what others ask
    wanted.n_ctx = told["context_tokens"]
    wanted.n_parallel = 1
    wanted.cache_ram_mib = 0
    wanted.n_gpu_layers = 0
    wanted.warmup = False
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = told["threads"]
    wanted.verbosity = 1  # errors
    server = xllamacpp.Server(wanted)
    new = folder / "ready.new"
    new.write_text(json.dumps({"url": server.listening_address}), encoding="utf-8")
    new.replace(folder / "ready.json")
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)  # its threads may be in the middle of an answer


if __name__ == "__main__":
    main()
