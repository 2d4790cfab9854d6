import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.cache import open_cache
from nightdesk.base.errors import DeskError
from nightdesk.wiki.lint.findings import RULES
from nightdesk.wiki.lint.lint import Linted, chosen_rules, lint_vault

TODAY = date(2026, 11, 23)


def lint(
    root: Path, cache_file: Path | None = None, *, today: date = TODAY, rules: frozenset[str] | None = None
) -> Linted:
    with open_cache(cache_file) if cache_file else contextlib.nullcontext() as cache:
        return lint_vault(root, today=today, cache=cache, jobs=1, rules=rules or frozenset(RULES))


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def test_every_page_is_counted_in_each_stage(tmp_path: Path) -> None:
    write(tmp_path, {f"{n}.md": "[[x]]" for n in range(7)})
    steps: Counter[str] = Counter()
    totals: dict[str, int] = {}

    @contextlib.contextmanager
    def stage(name: str, total: int) -> Iterator[Callable[[], None]]:
        totals[name] = total
        yield lambda: steps.update([name])

    lint_vault(tmp_path, today=TODAY, jobs=1, stage=stage)
    assert steps == totals == {"reading": 7, "mentions": 7}


def test_a_kept_outcome_is_used_until_a_file_a_rule_or_the_day_is_another(tmp_path: Path) -> None:
    root, cache = tmp_path / "vault", tmp_path / "cache.db"
    write(root, {"a.md": "---\nstale_after: 2026-11-23\n---\n[[b]] [[gone]]", "b.md": "[[a]]"})
    first = lint(root, cache)
    assert first.counts == {"broken-link": 1}
    assert lint(root, cache) == first == lint(root)
    assert lint(root, cache, today=date(2026, 11, 24)).counts == {"broken-link": 1, "stale-page": 1}
    assert lint(root, cache, rules=frozenset({"orphan"})).counts == {}
    write(root, {"gone.md": "[[a]]"})
    assert lint(root, cache).counts == {}
    (root / "gone.md").unlink()
    assert lint(root, cache) == first


def test_what_stands_outside_of_the_vault_is_looked_at_each_time(tmp_path: Path) -> None:
    root, cache = tmp_path / "vault", tmp_path / "cache.db"
    write(root, {"a.md": "[code](../code.py) [[b]]", "b.md": "[[a]]"})
    assert lint(root, cache).counts == {"broken-link": 1}
    (tmp_path / "code.py").write_text("", encoding="utf-8")
    assert lint(root, cache).counts == {}


def test_a_new_page_changes_what_others_mention_without_reading_them_again(tmp_path: Path) -> None:
    root, cache = tmp_path / "vault", tmp_path / "cache.db"
    write(root, {"a.md": "The Newton iteration is named. [[b]]", "b.md": "[[a]]"})
    assert lint(root, cache).counts == {}
    write(root, {"Newton iteration.md": "[[a]]", "b.md": "[[a]] [[Newton iteration]]"})
    assert lint(root, cache).counts == {"unlinked-mention": 1}


def test_an_unknown_rule_is_told_the_nearest() -> None:
    assert chosen_rules((), ("orphan",)) == frozenset(RULES) - {"orphan"}
    assert chosen_rules(("orphan", "dead-end"), ("orphan",)) == {"dead-end"}
    with pytest.raises(DeskError, match="broken-link"):
        chosen_rules(("broken-links",), ())


def test_many_alike_pages_are_found_without_comparing_all_with_all(tmp_path: Path) -> None:
    words = " ".join(f"word{n} and{n % 7}" for n in range(300))
    write(tmp_path, {f"{n:03}.md": f"{words} number{n}" for n in range(200)})
    near = lint(tmp_path, rules=frozenset({"near-duplicate-page"})).findings
    assert {finding.file for finding in near} == {f"{n:03}.md" for n in range(1, 200)}
