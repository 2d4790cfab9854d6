"""Every mechanical fault is found where it is, and nothing else is."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.wiki.lint.lint import lint_vault
from tests.wiki.lint.seeded import FAULTS, sound_vault

TODAY = date(2026, 11, 23)


def found_in(folder: Path) -> set[tuple[str, str, int]]:
    return {(finding.rule, finding.file, finding.line) for finding in lint_vault(folder, today=TODAY, jobs=1).findings}


def test_nothing_is_found_in_a_sound_vault_full_of_traps(tmp_path: Path) -> None:
    sound_vault().write(tmp_path)
    assert found_in(tmp_path) == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_where_it_is_and_nothing_else(fault: str, tmp_path: Path) -> None:
    vault = sound_vault()
    FAULTS[fault](vault)
    vault.write(tmp_path)
    assert vault.expected
    assert found_in(tmp_path) == vault.expected
