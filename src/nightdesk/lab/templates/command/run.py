"""Fixed: one run. It makes the words from the seed, calls the routine and leaves the answers in outputs.json."""

import json
import os
from pathlib import Path

from routine import nearest_words
from words import make_words

dictionary, queries = make_words(int(os.environ.get("NIGHTDESK_SEED", "0")))
answers = nearest_words(dictionary, queries)
Path("outputs.json").write_text(json.dumps(answers), encoding="utf-8")
print(f"{len(answers)} words looked up")  # what it took is measured from outside
