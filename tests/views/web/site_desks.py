"""A desk whose site has a bit of everything: sources, formulas, a diagram, an image, odd names, a lab with a night."""

import base64
from pathlib import Path

from tests.desks import ADAM, MUON, git, make_desk, run

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FORMULAS = """---
type: concept
title: "100 % of C#: <what>?"
tags: [odd/Names]
---
# 100 % of C#: <what>?

Euler wrote $e^{i\\pi}+1=0$, and [[Muon]] is quicker. 検索できる文章です。 #odd/Names

```mermaid
graph TD; A[Start] --> B[End]
```

![[plot.png]] [[muon.md|the original]] [[MUON]] [[Muon#Gone]] [[Nowhere]] [out](https://example.org/x)
"""
PROGRAM = """---
run: python train.py
edit: [train.py]
metric: val_bpb
lower_is_better: true
budget: 6s
---

# Tiny

Make it better; see [[Muon]].
"""
EXPERIMENT = """---
type: experiment
title: {title}
number: {number}
state: judged
status: {status}
commit: {number}b9a626ffb043637f4f00ca87570a15c62047b71
worker: builtin
program: df8ed5c06eb04b3cb82905bfe028d125
proposed: '2026-11-23T09:3{number}:01Z'
tag: '2026-11-23'
{more}runs:
- seed: 93{number}
  score: {score}
  measured:
    val_bpb: {score}
    wall_seconds: 6.0
---

# 000{number} {title}

## Hypothesis

It may help.
"""
BASELINE = """verdict:
  ground: baseline
  reason: the noise is 0.01 (standard deviation over 3 runs)
"""
VERDICT = """parent: 0b9a626ffb043637f4f00ca87570a15c62047b71
verdict:
  ground: {ground}
  reason: it was measured
  gain: {gain}
  p: 0.01
"""


def make_site_desk(folder: Path) -> Path:
    """Return a compiled desk in `folder`, everything committed."""
    desk = make_desk(folder, {"muon.md": MUON, "adam.md": ADAM + "\n![](plot.png)\n"})
    (desk / "raw/plot.png").write_bytes(PNG)
    assert run(desk, "compile").code == 0
    concepts = desk / "wiki/concepts"
    (concepts / "100 % of C.md").write_text(FORMULAS, encoding="utf-8")
    (concepts / "İ.md").write_text("# Dotted\n\n[[100 % of C]]\n", encoding="utf-8")
    lab = desk / "lab/tiny"
    (lab / "experiments").mkdir(parents=True)
    (lab / "program.md").write_text(PROGRAM, encoding="utf-8")
    (lab / "train.py").write_text("A = 1\n", encoding="utf-8")
    (lab / "report.md").write_text("# Night\n\nIt kept [[1]]; see [0002](experiments/0002.md).\n", encoding="utf-8")
    night = [("Base", "keep", 2.31, ""), ("Warm-up", "keep", 2.2, "better"), ("Wider", "discard", 2.4, "not better")]
    for number, (title, status, score, verdict) in enumerate(night):
        more = VERDICT.format(ground=verdict, gain=2.31 - score) if verdict else BASELINE
        text = EXPERIMENT.format(title=title, number=number, status=status, score=score, more=more)
        (lab / f"experiments/000{number}.md").write_text(text, encoding="utf-8")
    git(desk, "add", "-A")
    git(desk, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "A lab and odd pages")
    return desk
