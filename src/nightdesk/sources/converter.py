"""The child that converts: one JSON line per job on standard input, one JSON line back, the Markdown in a file."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.processes import limit_cpu_from_now
from nightdesk.sources.formats.converted import Converted, tidy

Convert = Callable[..., Converted]
OUT_OF_MEMORY = "out of memory"  # the parent words it, since it knows the limit
MAX_MARKDOWN_BYTES = 50_000_000
MODULES = {
    "markdown": "text",
    "text": "text",
    "html": "html",
    "pdf": "pdf",
    "docx": "docx",
    "pptx": "pptx",
    "xlsx": "xlsx",
    "csv": "csv",
    "epub": "epub",
    "notebook": "notebook",
    "latex": "latex",
    "code": "code",
    "image": "images",
    "mail": "mail",
    "chat": "chats",
    "obsidian": "obsidian",
    "notion": "notion",
}


def convert_of(kind: str) -> Convert:
    """Return the function that converts files of `kind`. Its libraries are loaded by the first call for the kind."""
    module = importlib.import_module(f"nightdesk.sources.formats.{MODULES[kind]}")
    convert: Convert = module.convert
    return convert


def serve(find: Callable[[str], Convert] = convert_of) -> None:
    """Answer jobs until standard input ends, or memory runs out (after which no state here can be trusted)."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints goes to standard error, not between our answers
    for line in sys.stdin:
        job = json.loads(line)
        limit_cpu_from_now(job["cpu_seconds"])
        answer = _answer(job, find)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        if answer.get("problem") == OUT_OF_MEMORY:
            return


def _answer(job: Mapping[str, Any], find: Callable[[str], Convert]) -> dict[str, Any]:
    """Return what the parent is told of one job: the facts of its `Converted`, or its problem."""
    try:
        convert = find(job["kind"])
        converted = tidy(convert(Path(job["path"]), Path(job["assets"]), assets_link=job["assets_link"]))
        markdown = converted.markdown.encode("utf-8", "replace")
        if len(markdown) > MAX_MARKDOWN_BYTES:
            return {"problem": f"gives more than {MAX_MARKDOWN_BYTES // 1_000_000} MB of text"}
        if not markdown.strip():
            return {"problem": "holds no text"}
        Path(job["result"]).write_bytes(markdown)
    except DeskError as error:
        return {"problem": str(error)}
    except MemoryError:
        return {"problem": OUT_OF_MEMORY}
    except OSError as error:
        return {"problem": f"cannot be read: {error.strerror or error}"}
    except RecursionError:
        return {"problem": "is nested too deep"}
    except Exception as error:  # the edge of the loop: one bad file must not cost the others their converter
        return {"problem": f"cannot be converted ({type(error).__name__}: {' '.join(str(error).split())[:200]})"}
    facts = asdict(converted)
    del facts["markdown"]
    return {"facts": facts}


if __name__ == "__main__":
    serve()
