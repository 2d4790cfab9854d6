"""Briefs: templates with slots, a desk's own templates, and its rules in each."""

import os
from pathlib import Path

import pytest

from nightdesk.agents.briefs import MAX_RULES, Briefs, desk_briefs
from nightdesk.agents.tasks import Brief
from nightdesk.base.errors import DeskError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "read.md").write_text("# Read\n\nHand in {{most}} claims of {{ kind }}.\n{{form}}\n", encoding="utf-8")
    (folder / "form.md").write_text("As JSON.\n", encoding="utf-8")
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    root = tmp_path / "desk"
    (root / "briefs").mkdir(parents=True)
    (root / "AGENTS.md").write_text("# Rules\n\nWrite in German.\n", encoding="utf-8")
    return root


def render(briefs: Briefs, slots: dict[str, str] | None = None) -> Brief:
    given = {"most": "3", "kind": "text"} if slots is None else slots
    return briefs.render("read", given, inserts={"form": "form"}, material="the data", form="json")


def test_slots_and_inserts_are_filled(package: Path) -> None:
    brief = render(Briefs(None, [package], ""))
    assert brief.rules == "# Read\n\nHand in 3 claims of text.\nAs JSON.\n"
    assert brief.text == "# Read\n\nHand in 3 claims of text.\nAs JSON.\n\nthe data"
    assert (brief.form, brief.schema, brief.images) == ("json", None, ())


def test_a_value_with_braces_is_not_read_again(package: Path) -> None:
    assert (
        "{{kind}} claims of {{most}}."
        in render(Briefs(None, [package], ""), {"most": "{{kind}}", "kind": "{{most}}"}).rules
    )


@pytest.mark.parametrize(
    ("slots", "says"),
    [
        ({"most": "3"}, "nightdesk's own read.md: there is no slot {{kind}} (its slots are form, most)"),
        ({"most": "3", "kind": "a", "other": "b"}, "nightdesk's own read.md: the slot {{other}} is missing"),
    ],
)
def test_slots_that_do_not_fit_are_named_with_the_file(package: Path, slots: dict[str, str], says: str) -> None:
    with pytest.raises(DeskError) as caught:
        render(Briefs(None, [package], ""), slots)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{most}} {{kind}} {{form}} {{title}}", "briefs/read.md: there is no slot {{title}}"),
        ("{{most}} {{form}}", "briefs/read.md: the slot {{kind}} is missing"),
        ("{{most}} {{kind}} {{form}} {{", "briefs/read.md: {{ that belongs to no slot"),
        ("{{most}} {{kind}} {{form}} }}", "briefs/read.md: }} that belongs to no slot"),
        ("{{most}} {{kind}} {{form}} {{Most}}", "there is no slot {{Most}}"),
        ("", "is missing"),
        ("x" * 40_001, "briefs/read.md is longer than 40,000 characters"),
    ],
)
def test_mistakes_in_a_template_of_the_desk_are_named(package: Path, desk: Path, template: str, says: str) -> None:
    (desk / "briefs/read.md").write_text(template, encoding="utf-8")
    with pytest.raises(DeskError) as caught:
        render(desk_briefs(desk, [package]))
    assert says in str(caught.value)


def test_an_insert_has_no_slots(package: Path, desk: Path) -> None:
    (desk / "briefs/form.md").write_text("As {{most}}.", encoding="utf-8")
    with pytest.raises(DeskError, match=r"briefs/form\.md: there is no slot \{\{most\}\} \(it has no slots\)"):
        render(desk_briefs(desk, [package]))


def test_a_template_of_the_desk_stands_in_place_of_the_packages(package: Path, desk: Path) -> None:
    before = render(desk_briefs(desk, [package]))
    (desk / "briefs/read.md").write_text("\ufeffMine: {{most}} {{kind}}\r\n{{form}}", encoding="utf-8")
    after = render(desk_briefs(desk, [package]))
    assert after.rules.startswith("Mine: 3 text\nAs JSON.\n\n## The rules of this desk")
    assert after.template != before.template


def test_a_part_of_the_desk_stands_in_place_of_the_packages(package: Path, desk: Path) -> None:
    before = render(desk_briefs(desk, [package]))
    (desk / "briefs/form.md").write_text("As verse.", encoding="utf-8")
    after = render(desk_briefs(desk, [package]))
    assert after.rules == before.rules.replace("As JSON.", "As verse.")
    assert after.template != before.template


def test_the_desks_rules_are_part_of_every_brief(package: Path, desk: Path) -> None:
    before = render(desk_briefs(desk, [package]))
    assert before.rules.endswith("# Rules\n\nWrite in German.\n")
    assert "## The rules of this desk" in before.rules
    (desk / "AGENTS.md").write_text("Write in Fr\u200bench.", encoding="utf-8")
    after = render(desk_briefs(desk, [package]))
    assert after.rules == before.rules.replace("# Rules\n\nWrite in German.", "Write in French.")
    assert after.template != before.template, "acceptance is counted apart under other rules"


def test_the_template_hash_is_of_the_template_not_of_the_task(package: Path) -> None:
    briefs = Briefs(None, [package], "")
    assert render(briefs).template == render(briefs, {"most": "9", "kind": "other"}).template


def test_a_desk_without_rules_and_templates_has_the_packages(package: Path, tmp_path: Path) -> None:
    assert (
        render(desk_briefs(tmp_path / "nowhere", [package])).rules == "# Read\n\nHand in 3 claims of text.\nAs JSON.\n"
    )


def test_rules_may_be_as_long_as_said(package: Path, desk: Path) -> None:
    (desk / "AGENTS.md").write_text("ü" * MAX_RULES, encoding="utf-8")
    assert "ü" * MAX_RULES in render(desk_briefs(desk, [package])).rules
    (desk / "AGENTS.md").write_text("ü" * (MAX_RULES + 1), encoding="utf-8")
    with pytest.raises(DeskError, match=r"AGENTS\.md is longer than 16,000 characters \(shorten it"):
        desk_briefs(desk, [package])


@pytest.mark.parametrize("name", ["AGENTS.md", "briefs/read.md"])
def test_a_link_out_of_the_desk_is_not_followed(package: Path, desk: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("{{most}} {{kind}} {{form}} key", encoding="utf-8")
    (desk / name).unlink(missing_ok=True)
    (desk / name).symlink_to(secret)
    with pytest.raises(DeskError, match="is a link that leads out of the desk"):
        render(desk_briefs(desk, [package]))


def test_a_folder_of_briefs_that_is_a_link_is_not_followed(package: Path, desk: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/read.md").write_text("{{most}} {{kind}} {{form}} key", encoding="utf-8")
    (desk / "briefs").rmdir()
    (desk / "briefs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeskError, match="is a link that leads out of the desk"):
        render(desk_briefs(desk, [package]))


def test_rules_may_be_a_link_within_the_desk(package: Path, desk: Path) -> None:
    (desk / "AGENTS.md").rename(desk / "CLAUDE.md")
    (desk / "AGENTS.md").symlink_to("CLAUDE.md")
    assert "Write in German." in render(desk_briefs(desk, [package])).rules


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda file: file.write_bytes(b"\xff\xfe\x00"), "is no UTF-8 text"),
        (lambda file: file.mkdir(), "cannot be read"),
        (lambda file: os.symlink(file, file), "cannot be read"),
    ],
    ids=["bytes", "folder", "circle"],
)
def test_rules_that_are_no_text_are_named(package: Path, desk: Path, make: object, says: str) -> None:
    (desk / "AGENTS.md").unlink()
    assert callable(make)
    make(desk / "AGENTS.md")
    with pytest.raises(DeskError, match=says):
        desk_briefs(desk, [package])


def test_an_unknown_template_is_named(package: Path) -> None:
    with pytest.raises(DeskError, match=r"there is no brief called sing\.md"):
        Briefs(None, [package], "").render("sing", {}, material="", form="json")


def test_a_name_is_no_path(package: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name of a template"):
        Briefs(tmp_path, [package], "").render("../read", {}, material="", form="json")
