"""A sound vault full of traps, and faults of every mechanical kind put into it at known places."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PAGES = 32
_SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ven",
    "tor",
    "sul",
    "bri",
    "dar",
    "fen",
    "gol",
    "hux",
    "jin",
    "pel",
    "quo",
    "ras",
    "wo",
)
# nothing in here is a link, a heading or a block: Obsidian looks into none of it
TRAPS = """
`[[Nowhere]]` and ``a ` [[Nowhere]]`` and \\[\\[Nowhere]] and $x = [[Nowhere]]$

```markdown
[[Nowhere]] ![[nothing.png]] [a](nowhere.md)
# Not a heading
text ^notablock
```

    [[Nowhere]] in indented code

~~~
[[Nowhere]]
~~~

$$
[[Nowhere]]
$$

%% [[Nowhere]] in a comment %%

%%
[[Nowhere]]

![[nothing.png]]
%%

<!-- [[Nowhere]] and [a](nowhere.md) -->

[out](https://example.org/nowhere.md), <https://example.org>, [mail](mailto:a@example.org), [empty](), [[]]
"""

PAGE = """---
title: <HERE>
aliases: ["<2 words>"]
up: "[[<THERE>]]"
note: "see [[Nowhere]] there"
---
# <4 words>

<60 words> ^block-<ID>

See [[<THERE>]], [[<SHOUTED>|shown]], [[notes/<THERE>]], [[<THERE>.md]], ![[picture.png|100]].
Also [x](<ENCODED>.md), [y](<<THERE>.md>), [z](../files/table.csv), ![i](../files/a%20b.png).
Also [[<THERE>#^block-<NEXT>]], [[<THERE>#Part & parcel!|p]], [[#Part parcel]], [r][ref].

| a | b |
| --- | --- |
| [[<THERE>\\|shown]] | [[<THERE>#Part & parcel!#Deeper bold\\|d]] |

## Part & parcel!

<60 words>

### Deeper **bold**

<30 words>
<TRAPS>
[s](#part--parcel) [t](<ENCODED>#deeper-bold)

[ref]: <ENCODED>.md
"""


@dataclass(slots=True)
class Seeded:
    """A vault in the making: files, and what lint must find in them."""

    files: dict[str, str | bytes]
    expected: set[tuple[str, str, int]] = field(default_factory=set)  # rule, file, line
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def words(self, count: int) -> str:
        """Return words of no language, so that no page is like another and none is named by accident."""
        return " ".join("".join(self.chance.choice(_SYLLABLES) for _ in range(3)) for _ in range(count))

    def add(self, path: str, line: str, rule: str | None) -> None:
        """Put a paragraph at the end of a page; `rule` is what must be found there."""
        text = self.files[path]
        assert isinstance(text, str)
        self.files[path] = f"{text}\n{line}\n"
        if rule:
            self.expected.add((rule, path, text.count("\n") + 2 + (2 if line.startswith("|") else 0)))

    def pages(self, count: int) -> list[str]:
        """Return some pages, none of them twice, and never the same for two calls in a row."""
        return self.chance.sample(sorted(path for path in self.files if path.startswith("notes/page")), count)

    def write(self, folder: Path) -> None:
        """Write the vault."""
        for path, content in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                file.write_bytes(content)
            else:
                file.write_text(content, encoding="utf-8", newline="\n")


def name(number: int) -> str:
    """Return a page's name."""
    return f"page {number:02}"


def sound_vault() -> Seeded:
    """Return a vault in which nothing is wrong, however it is looked at."""
    vault = Seeded({"files/picture.png": b"\x89PNG", "files/a b.png": b"\x89PNG", "files/table.csv": "a,b\n"})
    for number in range(PAGES):
        here, there = name(number), name((number + 1) % PAGES)
        slots = {
            "HERE": here,
            "THERE": there,
            "SHOUTED": there.upper(),
            "ENCODED": there.replace(" ", "%20"),
            "ID": str(number),
            "NEXT": str((number + 1) % PAGES),
            "TRAPS": TRAPS,
        }
        page = re.sub(r"<(\d+) words>", lambda match: vault.words(int(match[1])), PAGE)
        vault.files[f"notes/{here}.md"] = _filled(page, slots)
    return vault


def _filled(page: str, slots: dict[str, str]) -> str:
    return re.sub(r"<([A-Z]+)>", lambda match: slots[match[1]], page)


def _plant_lines(rule: str, line: str) -> Callable[[Seeded], None]:
    def plant(vault: Seeded) -> None:
        for path in vault.pages(2):
            vault.add(path, line.replace("{w}", vault.words(1)), rule)

    return plant


def _plant_files(rule: str, files: dict[str, str], line: int = 1) -> Callable[[Seeded], None]:
    """Plant pages that others link to and that link on, so that this one thing is wrong with them."""

    def plant(vault: Seeded) -> None:
        for path, content in files.items():
            front = f"---\ntitle: '{path.rpartition('/')[2].removesuffix('.md')}'\n---\n".replace("Ada's", "")
            body = f"{content or front}{vault.words(40)} [[{name(1)}]]\n"
            vault.files[path] = body
            vault.add(vault.pages(1)[0], f"[l](</{path.replace('#', '%23')}>)", None)
        vault.expected.add((rule, list(files)[-1], line))

    return plant


def _copy(vault: Seeded) -> None:
    vault.files["notes/copy.md"] = vault.files["notes/page 05.md"]
    del_alias = str(vault.files["notes/copy.md"]).split("\n", 3)
    vault.files["notes/copy.md"] = "---\ntitle: copy\n" + del_alias[3]
    vault.add(f"notes/{name(9)}.md", "[[copy]]", None)
    vault.expected.add(("duplicate-page", "notes/page 05.md", 1))  # "copy" comes first in the order of paths


def _near_copy(vault: Seeded) -> None:
    words = vault.words(400).split()
    other = [*words[:200], "another", *words[201:]]
    for path, text in (("near a", words), ("near b", other)):
        vault.files[f"notes/{path}.md"] = f"---\ntitle: {path}\n---\n{' '.join(text)} [[{name(3)}]]\n"
        vault.add(f"notes/{name(4)}.md", f"[[{path}]]", None)
    vault.expected.add(("near-duplicate-page", "notes/near b.md", 1))


def _alias(vault: Seeded) -> None:
    text = str(vault.files["notes/page 07.md"])
    vault.files["notes/page 07.md"] = text.replace("aliases: [", 'aliases: ["Page 08", ')
    vault.expected.add(("duplicate-name", "notes/page 08.md", 1))


def _missing_page(vault: Seeded) -> None:
    paths = sorted(vault.pages(3))
    for path in paths:
        vault.add(path, "[[Unwritten thing]]", "broken-link")
    line = next(line for rule, path, line in vault.expected if path == paths[0])
    vault.expected.add(("missing-page", paths[0], line))


def _mentions(vault: Seeded) -> None:
    vault.files["notes/Newton iteration.md"] = f"---\ntitle: 牛顿法\n---\n{vault.words(30)} [[{name(1)}]]\n"
    vault.add(f"notes/{name(2)}.md", "[[Newton iteration]] is linked here, so Newton iteration may be named.", None)
    for path, line in (
        (3, "The newton  iteration converges."),
        (4, "So does a Newton-iteration."),
        (6, "我们使用牛顿法求解。"),
    ):
        vault.add(f"notes/{name(path)}.md", line, "unlinked-mention")
    vault.add(
        f"notes/{name(8)}.md", "`Newton iteration`, Newtonian iteration, Newton iterations, $Newton iteration$", None
    )


def _front(old: str, new: str, rule: str, line: int) -> Callable[[Seeded], None]:
    def plant(vault: Seeded) -> None:
        for path in vault.pages(2):
            vault.files[path] = str(vault.files[path]).replace(old, new, 1)
            vault.expected.add((rule, path, line))

    return plant


def _no_front(vault: Seeded) -> None:
    path = f"notes/{name(11)}.md"
    vault.files[path] = str(vault.files[path]).split("---\n", 2)[2]
    vault.expected.add(("frontmatter-missing", path, 1))


def _orphan(vault: Seeded) -> None:
    vault.files["index.md"] = "---\ntitle: index\n---\n[[lonely]] [[page 01]]\n"
    vault.files["notes/lonely.md"] = f"---\ntitle: lonely\n---\n[[page 01]] [[lonely]] {vault.words(30)}\n"
    vault.expected.add(("orphan", "notes/lonely.md", 1))


def _dead_end(vault: Seeded) -> None:
    vault.files["notes/terminus.md"] = f"---\ntitle: terminus\n---\n{vault.words(30)} https://example.org\n"
    vault.add("notes/page 12.md", "[[terminus]]", None)
    vault.expected.add(("dead-end", "notes/terminus.md", 1))


def _drift(vault: Seeded) -> None:
    listed = "\n".join(f"- [[{name(n)}]]" for n in range(PAGES) if n != 13)
    vault.files["index.md"] = f"---\ntitle: index\n---\n{listed}\n"
    vault.expected.add(("index-drift", f"notes/{name(13)}.md", 1))


def _superseded(vault: Seeded) -> None:
    path = f"notes/{name(20)}.md"
    vault.files[path] = str(vault.files[path]).replace("title:", "status: superseded\ntitle:", 1)
    vault.expected.add(("superseded-source", f"notes/{name(19)}.md", 4))  # the page before it, in its frontmatter


def _latin(vault: Seeded) -> None:
    path = f"notes/{name(21)}.md"
    vault.files[path] = (str(vault.files[path]) + "\nna\u00efve\n").encode("latin-1")
    vault.expected.add(("not-utf8", path, 1))


def _long(vault: Seeded) -> None:
    vault.add(f"notes/{name(22)}.md", vault.words(12_000), None)
    vault.expected.add(("oversized-page", f"notes/{name(22)}.md", 1))


def _merge(vault: Seeded) -> None:
    path = f"notes/{name(23)}.md"
    lines = str(vault.files[path]).count("\n")
    vault.files[path] = str(vault.files[path]) + "\n<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> branch\n"
    vault.expected.add(("conflict-markers", path, lines + 2))


def _case(vault: Seeded) -> None:
    for path, title in (("notes/Thing.md", "one"), ("notes/thing.md", "two")):
        vault.files[path] = f"---\ntitle: {title}\n---\n{vault.words(30)} [[page 01]]\n"
    vault.add("notes/page 30.md", "[[Thing]]", None)
    # where both can be, a link leads to one of them only
    vault.expected |= {(rule, "notes/thing.md", 1) for rule in ("name-collision", "duplicate-name", "orphan")}


# what is planted -> how
FAULTS: dict[str, Callable[[Seeded], None]] = {
    "a wikilink": _plant_lines("broken-link", "See [[{w}]]."),
    "a wikilink with words": _plant_lines("broken-link", "See [[{w}|the words]]."),
    "a wikilink in a table": _plant_lines("broken-link", "| a |\n| --- |\n| [[page 01]] [[{w}\\|x]] |"),
    "a path": _plant_lines("broken-link", "See [[other/page 01]]."),
    "a relative path": _plant_lines("broken-link", "See [a](../page%2001.md)."),
    "a Markdown link": _plant_lines("broken-link", "See [the words]({w}.md)."),
    "angle brackets": _plant_lines("broken-link", "See [the words](<{w} {w}.md>)."),
    "a reference": _plant_lines("broken-link", "See [the words][{w}].\n\n[{w}]: {w}.md"),
    "an embed": _plant_lines("broken-embed", "![[{w}]]"),
    "an image": _plant_lines("missing-image", "![[{w}.png|100]]"),
    "a Markdown image": _plant_lines("missing-image", "![words](../files/{w}.jpg)"),
    "an HTML image": _plant_lines("missing-image", '<img src="{w}.png" alt="">'),
    "a heading": _plant_lines("broken-heading", "See [[page 01#{w}]]."),
    "a heading here": _plant_lines("broken-heading", "See [[#{w}]]."),
    "a path of headings": _plant_lines("broken-heading", "See [[page 01#Deeper bold#Part parcel]]."),
    "an anchor": _plant_lines("broken-heading", "See [a](page%2001.md#{w})."),
    "a block": _plant_lines("broken-block", "See [[page 01#^block-2]]."),
    "an embedded block": _plant_lines("broken-block", "![[page 01#^{w}]]"),
    "a block in code": _plant_lines("broken-block", "See [[page 01#^notablock]]."),
    "a link in frontmatter": _front('up: "[[', 'up: "[[x', "broken-link", 4),
    "YAML": _front("aliases: [", "aliases: [[", "frontmatter-malformed", 4),
    "a key twice": _front("title:", "title: t\ntitle:", "frontmatter-malformed", 1),
    "no frontmatter": _no_front,
    "a date gone by": _front("title:", "stale_after: 2026-01-01\ntitle:", "stale-page", 1),
    "a superseded source": _superseded,
    "a copy": _copy,
    "a near copy": _near_copy,
    "an alias": _alias,
    "a name with other marks": _plant_files("similar-name", {"notes/Some names.md": "", "notes/some-name.md": ""}),
    "an unwritten page": _missing_page,
    "mentions": _mentions,
    "an orphan": _orphan,
    "a dead end": _dead_end,
    "an index": _drift,
    "Latin-1": _latin,
    "a long page": _long,
    "a merge": _merge,
    "Syncthing": _plant_files("sync-conflict", {"notes/x.sync-conflict-20261101-101010-ABCDEFG.md": ""}),
    "Dropbox": _plant_files("sync-conflict", {"notes/x (Ada's conflicted copy 2026-11-01).md": ""}),
    "a merge tool": _plant_files("sync-conflict", {"notes/x.md.orig": ""}),
    "case": _case,
    "a device": _plant_files("name-forbidden", {"notes/aux.md": ""}),
    "a colon": _plant_files("name-forbidden", {"notes/one: two.md": ""}),
    "a blank at the end": _plant_files("name-forbidden", {"odd /z.md": ""}),
    "a long name": _plant_files("name-too-long", {f"notes/{'n' * 250}.md": ""}),
    "a name with #": _plant_files("name-unlinkable", {"notes/C# notes.md": ""}),
}
