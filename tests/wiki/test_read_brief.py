"""The brief for reading: what is told, what is data, and that its own example would be accepted."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.agents.briefs import Briefs, desk_briefs
from nightdesk.agents.tasks import Brief, Task
from nightdesk.base.errors import DeskError
from nightdesk.wiki.read_brief import MAX_CLAIMS, MAX_NAMES, PACKAGE, claims_asked, read_brief
from nightdesk.wiki.reading import SCHEMA, ReadMaterial, verify_reading
from nightdesk.wiki.survey import survey_text

TEXT = "# Notes\n\nMuon is an optimiser that runs five Newton-Schulz steps per update. AdamW decouples weight decay.\n"
BRIEFS = Briefs(None, [PACKAGE], "Write in short sentences.")


def material(text: str = TEXT, *, names: tuple[str, ...] = ("Muon",), title: str = "Notes") -> ReadMaterial:
    survey = survey_text(text, fallback_title=title)
    return ReadMaterial(title, text, survey, ((),) * len(survey.candidates), names, (title,))


def between_marks(brief: Brief) -> str:
    return "\n".join(re.findall(r"^<<<DATA [^\n]*\n(.*?)^<<<END", brief.material, re.MULTILINE | re.DOTALL))


def test_the_brief_holds_the_rules_the_form_and_the_text() -> None:
    brief = read_brief(material(), BRIEFS)
    assert brief.rules.startswith("# Read a source\n")
    assert "You have the whole text." in brief.rules
    assert "From 1 to 3 claims" in brief.rules
    assert brief.rules.endswith("Write in short sentences.\n")
    assert "Muon is an optimiser that runs five Newton-Schulz steps per update." in between_marks(brief)
    assert "title: Notes" in between_marks(brief)
    assert (brief.form, brief.schema) == ("json", SCHEMA)


def test_what_comes_from_outside_stands_between_the_marks_alone() -> None:
    outside = {name: f"OUTSIDE{n}" for n, name in enumerate(("title", "author", "published", "url"))}
    given = replace(material("OUTSIDE7 is a text.", names=("OUTSIDE8",)), offered=("OUTSIDE9",), **outside)  # type: ignore[arg-type]
    brief = read_brief(given, BRIEFS)
    assert "OUTSIDE" not in brief.rules
    assert set(re.findall(r"OUTSIDE\d", between_marks(brief))) == {f"OUTSIDE{n}" for n in (0, 1, 2, 3, 7, 8, 9)}
    assert brief.material.count("OUTSIDE") == between_marks(brief).count("OUTSIDE")


def test_the_rules_are_the_same_bytes_for_texts_of_one_size() -> None:
    other = material(TEXT.replace("Muon", "Lion"), names=("Lion",), title="Other")
    assert read_brief(other, BRIEFS).rules == read_brief(material(), BRIEFS).rules, "providers cache what begins alike"


def test_a_part_says_which_it_is() -> None:
    assert "you have part 2 of 5" in read_brief(material(), BRIEFS, part=(2, 5)).rules


def test_hidden_text_and_frontmatter_are_not_sent() -> None:
    text = "---\ntitle: Secret front\n---\nMuon is an opti\u200bmiser\U000e0041.\n"
    told = between_marks(read_brief(material(text), BRIEFS))
    assert "Muon is an optimiser." in told
    assert "Secret front" not in told


def test_at_most_so_many_names_are_offered_those_of_the_desk_first() -> None:
    given = replace(material(names=tuple(f"Found {n}" for n in range(100))), offered=("Known", "Found 7"))
    line = between_marks(read_brief(given, BRIEFS)).split("Known", 1)[1].splitlines()[0]
    assert line.startswith(" | Found 7 | Found 0 | Found 1")
    assert line.count(" | ") == MAX_NAMES - 1


@pytest.mark.parametrize(
    ("text", "asked", "why"),
    [
        ("", (1, 3), "an empty text"),
        ("word " * 300, (2, 4), "10 to 15 for each 1,000 words"),
        ("word " * 2000, (15, 30), "never more than half as the least: a text may say little"),
        ("word " * 50_000, (30, MAX_CLAIMS), "as many as one answer can hold"),
        ("学习率在训练中决定每一步的大小。" * 200, (12, 24), "characters where no spaces part the words"),
    ],
)
def test_the_number_of_claims_goes_with_the_length(text: str, asked: tuple[int, int], why: str) -> None:
    assert claims_asked(material(text)) == asked, why


def test_images_are_named() -> None:
    assert read_brief(replace(material(), images=(Path("raw/a.png"),)), BRIEFS).images == (Path("raw/a.png"),)


def test_the_example_in_the_brief_would_be_accepted() -> None:
    rules = read_brief(material(), BRIEFS).rules
    text = "\n".join(re.findall(r"^> (.*)$", rules, re.MULTILINE))
    hand_in = re.findall(r"```json\n(.*?)```", rules, re.DOTALL)[0]
    verified = verify_reading(Task("read", "raw/example.md", "hash", material(text, names=())), hand_in)
    assert verified.reasons == ()
    assert verified.result
    assert len(verified.result.claims) == 2
    example, schema = json.loads(hand_in), SCHEMA["properties"]
    assert set(example) == set(schema), "the example shows every key"
    for key in ("claims", "questions", "concepts", "pages"):
        assert set(example[key][0]) == set(schema[key]["items"]["properties"]), key


def test_the_desks_rules_change_what_a_reader_is_told(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("Take numbers only.", encoding="utf-8")
    first = read_brief(material(), desk_briefs(tmp_path, [PACKAGE]))
    (tmp_path / "AGENTS.md").write_text("Take names only.", encoding="utf-8")
    second = read_brief(material(), desk_briefs(tmp_path, [PACKAGE]))
    assert "Take numbers only." in first.rules
    assert second.rules == first.rules.replace("Take numbers only.", "Take names only.")
    assert first.template != second.template


def test_a_desk_can_have_a_brief_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "briefs").mkdir()
    (tmp_path / "briefs/read.md").write_text("Read. {{part}} {{least}}-{{most}}", encoding="utf-8")
    assert read_brief(material(), desk_briefs(tmp_path, [PACKAGE])).rules == "Read. You have the whole text. 1-3\n"
    (tmp_path / "briefs/read.md").write_text("Read. {{part}} {{least}}", encoding="utf-8")
    with pytest.raises(DeskError, match=r"briefs/read\.md: the slot \{\{most\}\} is missing"):
        read_brief(material(), desk_briefs(tmp_path, [PACKAGE]))


def test_the_brief_is_short() -> None:
    rules = read_brief(material(), Briefs(None, [PACKAGE], "")).rules
    assert len(rules) < 7_000, "about 1,700 tokens, sent with every source"
