"""What verifiers and renderers leave of each hand-in that an attack asks for. The table is in attacks/."""

import json
from collections.abc import Sequence

import pytest

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Task
from nightdesk.base.names import safe_name
from nightdesk.wiki.concept_page import PagePlan, render_concept_page
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.read_brief import PACKAGE, read_brief
from nightdesk.wiki.reading import Reading, ReadMaterial, verify_reading
from nightdesk.wiki.source_page import SourceFacts, render_source_page
from nightdesk.wiki.survey import survey_text
from nightdesk.wiki.write_brief import write_brief
from nightdesk.wiki.writing import Evidence, WriteMaterial, verify_page
from tests.wiki.attacks.harmless_page import faults
from tests.wiki.attacks.table import HONEST, Attack, all_attacks, citation

ATTACKS = all_attacks()
TEXTS = [attack for attack in ATTACKS if attack.file.endswith(".md")]  # what is converted first is tried whole below
BRIEFS = Briefs(None, [PACKAGE], "")


def named(attacks: Sequence[Attack]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("attack", attacks, ids=[attack.name for attack in attacks])


def read_material(attack: Attack) -> ReadMaterial:
    survey = survey_text(attack.text, fallback_title=attack.name)
    title = survey.title or attack.name
    return ReadMaterial(title, attack.text, survey, ((),) * len(survey.candidates), ("Muon", "AdamW"), (title,))


def readings(attack: Attack) -> list[Reading]:
    """Return what verifiers leave of an obedient reader's hand-ins: what is asked for, and each line by itself."""
    material = read_material(attack)
    task = Task("read", f"raw/{attack.file}", "hash", material)
    parroted = [json.dumps({"claims": [claim]}, ensure_ascii=False) for claim in attack.parroted()]
    everything = json.dumps({"claims": attack.parroted(), "summary": [0, 1], "questions": attack.parroted()[:3]})
    verified = [verify_reading(task, hand_in) for hand_in in (attack.read, everything, *parroted)]
    return [v.result for v in verified if v.result is not None]


def source_page(attack: Attack, reading: Reading) -> tuple[str, str]:
    """Return the name and the text of the page that a reading makes."""
    title = read_material(attack).title
    name, raw = safe_name(title), f"raw/{attack.file}"
    facts = SourceFacts(name, title, raw, "0", raw, "0", "markdown", "en", 9, None, None, None, ())
    return name, render_source_page(facts, reading, generator="obedient", made_from="hash").text


def write_material(name: str, reading: Reading) -> WriteMaterial:
    evidence = tuple(
        Evidence(name, claim.id, claim.statement, TextPlaces.plain(claim.quote), claim.concepts, (), False, None)
        for claim in reading.claims
    )
    return WriteMaterial("concept", "Muon", "Muon", (), "en", evidence, (), ("AdamW",), ("Muon", name))


@named(TEXTS)
def test_what_is_left_of_a_reading_is_harmless_on_its_page(attack: Attack) -> None:
    for reading in readings(attack):
        name, text = source_page(attack, reading)
        names = {name, "Muon", "AdamW", *(concept for claim in reading.claims for concept in claim.concepts)}
        assert all(safe_name(concept) == concept for concept in names), attack.why
        assert faults(text, names=names, files={f"raw/{attack.file}"}) == [], attack.why
        places = TextPlaces(attack.text)
        assert all(places.find(claim.quote) for claim in (*reading.claims, *reading.questions)), attack.why


@named(TEXTS)
def test_what_is_left_of_a_page_is_harmless(attack: Attack) -> None:
    for reading in readings(attack):
        name, _ = source_page(attack, reading)
        material = write_material(name, reading)
        parroted = [
            f"{claim.statement} {citation(name, claim.statement, claim.quote, '1')}\n" for claim in reading.claims
        ]
        for body in (attack.page_body(name), "\n".join(parroted), *parroted):
            written = verify_page(Task("write", "Muon", "hash", material), body).result
            if written is None:
                continue
            plan = PagePlan("Muon", material, None, ())
            text = render_concept_page(plan, written, generator="obedient", made_from="hash").text
            assert faults(text, names={name, "Muon", "AdamW"}, files=()) == [], (attack.why, body)
            assert set(written.cited) <= {(e.page, e.id) for e in material.evidence}


def test_the_attacks_are_tried_and_not_turned_away_for_another_reason() -> None:
    assert len(ATTACKS) >= 80
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    honest = [attack for attack in TEXTS if json.dumps(attack.claims, ensure_ascii=False) in attack.read]
    assert len(honest) >= 70
    for attack in honest:
        assert HONEST in {claim.statement for claim in readings(attack)[0].claims}, attack.name
    written = 0
    for attack in honest:
        reading = readings(attack)[0]
        name, _ = source_page(attack, reading)
        task = Task("write", "Muon", "hash", write_material(name, reading))
        written += verify_page(task, attack.page_body(name)).result is not None
    assert written >= 30


@named(TEXTS)
def test_a_model_is_told_of_it_between_the_marks_alone(attack: Attack) -> None:
    material = read_material(attack)
    brief = read_brief(material, BRIEFS)
    assert brief.rules == read_brief(read_material(ATTACKS[0]), BRIEFS).rules or len(attack.text) > 2_000
    lines = brief.material.split("\n")
    marks = [line for line in lines if line.startswith("<<<")]
    token = marks[0].split()[1].rstrip(":")
    assert [mark.split()[0] for mark in marks] == ["<<<DATA", "<<<END"] * 3
    assert brief.material.count(token) == 8
    for reading in readings(attack):
        writing = write_brief(write_material(safe_name(material.title), reading), BRIEFS)
        assert writing.rules == write_brief(write_material("Other", reading), BRIEFS).rules
        assert [line.split()[0] for line in writing.material.split("\n") if line.startswith("<<<")] == [
            *("<<<DATA", "<<<END") * 2
        ]
