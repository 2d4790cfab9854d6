"""What the gpt template turns into for a graphics card: other constants, of autoresearch's size."""

import re
from collections.abc import Mapping

# Five minutes of wall time, the host's memory, and text for all of them.
GPU_PROGRAM = {"budget": "5m", "memory": "16 GB", "data": "hf:climbmix"}

# A value, and the words about its range where they are others. Learning rates follow autoresearch, not tried here.
GPU_CONSTANTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "prepare.py": {
        "SEQUENCE_LENGTH": ("2048", ""),
        "VOCAB_SIZE": ("8192", ""),
        "MOST_BYTES": ("3_000_000_000", ""),
        "HUB_BYTES": ("2_000_000_000", ""),  # about what a fast card reads once in five minutes
    },
    "train.py": {
        "DEPTH": ("8", "from 2 to 24"),
        "HEADS": ("1", ""),
        "CLASSES": ("1", "fixed here"),
        "TRAIN_LENGTH": ("2048", "from 256 to 2048"),
        "BATCH_TOKENS": ("5800", ""),  # at DEPTH 8, and times GPU_BATCH: 2**19 tokens a step
        "MATRIX_LR": ("0.04", ""),
        "EMBEDDING_LR": ("0.8", "from 0.05 to 4"),
        "HEAD_LR": ("0.01", ""),
        "COUNT_STEPS": ("0", "fixed here"),
        "COUNT_PARTS": ("4", "fixed here"),
        "COUNT_SHARE": ("0.2", "fixed here"),
        "COUNT_LR": ("0.05", "fixed here"),
    },
}


def files_for_gpu(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the template's programs with a graphics card's constants: whole lines stay but for value and range."""
    changed = {}
    for path, constants in GPU_CONSTANTS.items():
        text = contents[path].decode("utf-8")
        for name, (value, span) in constants.items():
            line = re.search(rf"^{name} = .*$", text, re.MULTILINE)
            if line is None:
                raise AssertionError(f"the template's {path} has no {name}")
            after = re.sub(r"= [^#]*?(?=  #|$)", f"= {value}", line[0], count=1)
            after = re.sub(r"from \S+ to [\d.]+", span, after) if span else after
            text = text[: line.start()] + after + text[line.end() :]
        changed[path] = text.encode()
    return changed
