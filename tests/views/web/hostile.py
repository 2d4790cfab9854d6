"""A desk in which everything that is shown tries to run a script: texts, titles, names of files, a lab, history."""

import hashlib
from pathlib import Path

from tests.desks import git, make_desk
from tests.views.web.payloads import PAYLOADS

# what a title, a name, a description tries: no slash, so that it may be a file's name
BREAKOUT = "\"'--><img src=x onerror=window.pwned(1)><b onclick=window.pwned(2)>"
CLAIM = "c00aa00aa00"
QUOTE = "<script>window.pwned(11)</script> is <b>what</b> it says"
EMBEDS = 45  # payloads that one page embeds; more than 50 would not be shown

PAGE = """---
type: concept
title: '{title}'
aliases: ['{title}']
tags: ['{title}', evil]
summary: '{title}'
status: '{title}'
---
{text}
"""
EXPERIMENT = """---
type: experiment
title: '{title}'
number: {number}
state: judged
status: discard
commit: {commit}
parent: {commit}
worker: '{title}'
program: df8ed5c06eb04b3cb82905bfe028d125
proposed: '2026-11-23T09:36:01Z'
tag: '2026-11-23'
method: '{title}'
verdict:
  ground: not better
  reason: '{title}'
  gain: -0.0158
  p: 0.77
runs:
- seed: 937312253
  score: 2.314
  measured:
    val_bpb: 2.314
---

# 000{number} {title}

## Hypothesis

{title}</script><script>window.pwned(3)</script>

## Change

```diff
--- a/train.py
+++ b/train.py
@@ -1 +1 @@
-A = "{title}"
+B = "</code></pre><script>window.pwned(4)</script>"
```

## Log

```text
{title}</script><script>window.pwned(5)</script>
```
"""
PROGRAM = """---
run: python train.py
edit: [train.py]
metric: val_bpb
lower_is_better: true
budget: 6s
---

# {title}
"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned('svg')"><script>window.pwned('svg')</script>
<rect width="9" height="9"/></svg>"""
HTML = "<!doctype html><title>x</title><body onload=\"window.pwned('html')\"><script>window.pwned('html')</script>"


def make_hostile_desk(folder: Path) -> Path:
    """Return a desk in `folder`, with a history of two commits."""
    desk = make_desk(
        folder, {"evil.html": HTML, "evil.svg": SVG, "evil.xhtml": HTML, f"{BREAKOUT}.md": f"# x\n\n{QUOTE}.\n"}
    )
    (desk / "raw/evil-utf16.html").write_bytes(HTML.encode("utf-16"))
    (desk / "raw/evil.bin").write_bytes(HTML.encode() + b"\0")
    quoted = BREAKOUT.replace("'", "''")
    concepts, sources = desk / "wiki/concepts", desk / "wiki/sources"
    concepts.mkdir(parents=True)
    sources.mkdir()
    for name, payload in PAYLOADS.items():
        text = payload if payload.startswith("---") else PAGE.format(title=quoted, text=payload)
        (concepts / f"{name}.md").write_bytes(text.encode("utf-8", "surrogatepass"))
    names = list(PAYLOADS)
    for start in range(0, len(names), EMBEDS):
        text = "\n\n".join(f"![[{name}]]" for name in names[start : start + EMBEDS])
        (concepts / f"embeds-{start // EMBEDS}.md").write_text(text, encoding="utf-8")
    (concepts / f"{BREAKOUT}.md").write_text(PAGE.format(title=quoted, text="[[script]]"), encoding="utf-8")
    (sources / "evil.md").write_text(_source_page(desk / f"raw/{BREAKOUT}.md", quoted), encoding="utf-8")
    cited = f"It does. [[evil#^{CLAIM}|1]] [[evil#^{CLAIM}|<img src=x onerror=window.pwned(6)>]]"
    (concepts / "cited.md").write_text(f"# Cited\n\n{cited}\n", encoding="utf-8")
    _make_lab(desk / "lab/evil", quoted)
    git(desk, "add", "-A")
    author = ["-c", "user.name=<script>window.pwned(7)</script>", "-c", "user.email=x@example.org"]
    git(desk, *author, "commit", "-q", "-m", f"{BREAKOUT}</script><script>window.pwned(8)</script>\n\n{BREAKOUT}")
    with (concepts / "cited.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{BREAKOUT}</ins><script>window.pwned(9)</script>\n")
    git(desk, *author, "commit", "-q", "-am", BREAKOUT)
    return desk


def _source_page(raw: Path, title: str) -> str:
    """Return the page of a source, with one claim whose quote is in it."""
    digest, name = hashlib.sha256(raw.read_bytes()).hexdigest(), f"raw/{title}.md"
    entry = f"sources:\n- path: '{name}'\n  sha256: {digest}\n  text: '{name}'\n  text_sha256: {digest}\nstatus:"
    claims = f'## Claims\n\n- {BREAKOUT} ^{CLAIM}\n  > "{QUOTE}" ({BREAKOUT})\n'
    front = PAGE.replace("concept", "source", 1).replace("status:", f"author: '{title}'\n{entry}", 1)
    return front.format(title=title, text=claims)


def _make_lab(lab: Path, title: str) -> None:
    (lab / "experiments").mkdir(parents=True)
    (lab / "program.md").write_text(PROGRAM.format(title=title), encoding="utf-8")
    (lab / "train.py").write_text("A = 1\n", encoding="utf-8")
    rows = "commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"
    for number in (0, 1):
        commit = f"{number}b9a626ffb043637f4f00ca87570a15c62047b71"
        text = EXPERIMENT.format(title=title, number=number, commit=commit)
        (lab / f"experiments/000{number}.md").write_text(text, encoding="utf-8")
        rows += f"{commit[:7]}\t2.3{number}\t0.5\tdiscard\t{title}\n"
    (lab / "results.tsv").write_text(rows, encoding="utf-8")
    (lab / "report.md").write_text(f"# {title}\n\n{title}</p><script>window.pwned(10)</script>\n", encoding="utf-8")
