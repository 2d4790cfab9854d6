"""The incremental build, through the real command line."""

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightdesk.wiki.claims import find_citations, find_links, parse_claims
from tests.desks import ADAM, MUON, git, make_desk, run, snapshot, start

CITATION = re.compile(r"\[\[([^\]|#]+)#\^(c[0-9a-f]+)\|")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    made = make_desk(tmp_path)
    ran = run(made, "compile")
    assert ran.code == 0, ran.err
    return made


def plain(text: str) -> str:
    return " ".join(text.split())


def test_every_quote_stands_in_its_text_and_every_citation_leads_to_a_claim(desk: Path) -> None:
    claims = {}
    for page in (desk / "wiki/sources").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        found = re.search(r"^  text: (.+)$", text, re.MULTILINE)
        assert found
        source = plain((desk / found[1]).read_text(encoding="utf-8"))
        for claim in parse_claims(text):
            assert claim.quote in source
            claims[page.stem, claim.id] = claim
    assert len(claims) >= 10
    cited = [c for page in (desk / "wiki").rglob("*.md") for c in find_citations(page.read_text(encoding="utf-8"))]
    assert len(cited) >= 20
    assert {(c.page, c.id) for c in cited} <= set(claims)


def test_every_link_leads_to_a_page(desk: Path) -> None:
    names = {page.stem for page in (desk / "wiki").rglob("*.md")}
    for page in (desk / "wiki").rglob("*.md"):
        assert set(find_links(page.read_text(encoding="utf-8"))) <= names


def test_concepts_are_real_terms_with_their_definition_first(desk: Path) -> None:
    page = (desk / "wiki/concepts/Muon.md").read_text(encoding="utf-8")
    body = page.split("\n# Muon\n")[1].split("\n## ")[0]
    assert "is an" in body.splitlines()[1]
    assert {"Muon", "AdamW", "Learning rate", "Warm-up"} <= {p.stem for p in (desk / "wiki/concepts").glob("*.md")}


def test_a_compile_is_one_commit_that_says_what_was_done(desk: Path) -> None:
    assert git(desk, "log", "--format=%s").splitlines()[0].startswith("compile: 3 sources read")
    assert git(desk, "status", "--porcelain") == ""
    assert "nightdesk" in git(desk, "log", "-1", "--format=%an")


def test_unchanged_input_makes_no_commit_and_touches_no_file(desk: Path) -> None:
    before, times = snapshot(desk), {p: p.stat().st_mtime_ns for p in (desk / "wiki").rglob("*.md")}
    head = git(desk, "rev-parse", "HEAD")
    ran = run(desk, "compile", "--json")
    assert (ran.code, ran.document["commit"]) == (0, None)
    assert snapshot(desk) == before
    assert {p: p.stat().st_mtime_ns for p in (desk / "wiki").rglob("*.md")} == times
    assert git(desk, "rev-parse", "HEAD") == head


def test_without_its_cache_a_desk_compiles_to_the_same_bytes(desk: Path) -> None:
    before = snapshot(desk, but=())
    shutil.rmtree(desk / ".nightdesk")
    assert run(desk, "compile").code == 0
    assert snapshot(desk, but=()) == before
    assert git(desk, "status", "--porcelain") == ""


def test_the_order_in_which_sources_come_does_not_matter(desk: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    late = make_desk(other, {"notes.txt": (desk / "raw/notes.txt").read_text(encoding="utf-8")})
    run(late, "compile")
    for name, text in (("muon.md", MUON), ("adam.md", ADAM)):
        (late / "raw" / name).write_text(text, encoding="utf-8")
        assert run(late, "compile").code == 0
    assert snapshot(late) == snapshot(desk)


def test_a_changed_source_replaces_its_old_wording(desk: Path) -> None:
    changed = MUON.replace("is 0.02", "is 0.05")
    (desk / "raw/muon.md").write_text(changed, encoding="utf-8")
    ran = run(desk, "compile", "--json")
    assert ran.document["read"] == ["raw/muon.md"]
    wiki = "".join(page.read_text(encoding="utf-8") for page in (desk / "wiki").rglob("*.md"))
    assert "is 0.05" in wiki
    assert "is 0.02" not in wiki


def test_a_claim_that_stays_keeps_its_id_when_its_source_changes(desk: Path) -> None:
    page = desk / "wiki/sources/Muon, explained.md"
    before = {claim.statement: claim.id for claim in parse_claims(page.read_text(encoding="utf-8"))}
    (desk / "raw/muon.md").write_text(MUON.replace("is 0.02", "is 0.05"), encoding="utf-8")
    run(desk, "compile")
    after = {claim.statement: claim.id for claim in parse_claims(page.read_text(encoding="utf-8"))}
    shared = before.keys() & after.keys()
    assert len(shared) >= 4
    assert all(before[statement] == after[statement] for statement in shared)
    assert len(set(before.values()) | set(after.values())) == len(before.keys() | after.keys())


def test_a_removed_source_is_withdrawn(desk: Path) -> None:
    (desk / "raw/notes.txt").unlink()
    ran = run(desk, "compile", "--json")
    assert ran.document["withdrawn"] == ["raw/notes.txt"]
    assert not list((desk / "wiki/sources").glob("*chedules*"))
    wiki = "".join(p.read_text(encoding="utf-8") for p in (desk / "wiki").rglob("*.md") if p.name != "log.md")
    assert "cosine" not in wiki
    assert git(desk, "status", "--porcelain") == ""


def test_a_persons_edit_survives_and_the_new_claims_come_in(desk: Path) -> None:
    page = desk / "wiki/concepts/Muon.md"
    mine = "I must try this on my own data."
    page.write_text(
        page.read_text(encoding="utf-8").replace("\n## Sources", f"\n{mine}\n\n## Sources"), encoding="utf-8"
    )
    (desk / "raw/new.md").write_text(
        "# More on Muon\n\nMuon halves the training time of small models.\n", encoding="utf-8"
    )
    ran = run(desk, "compile", "--json")
    text = page.read_text(encoding="utf-8")
    assert mine in text
    assert "Muon halves the training time" in text or ran.document["set_aside"]
    assert mine in git(desk, "log", "-p", "--", "wiki/concepts/Muon.md")


def test_an_edit_that_meets_the_new_version_is_kept_and_the_new_version_set_aside(desk: Path) -> None:
    page = desk / "wiki/concepts/Muon.md"
    text = page.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("- ") and "0.02" in line)
    page.write_text(text.replace(line, "- My own words about the learning rate."), encoding="utf-8")
    (desk / "raw/muon.md").write_text(MUON.replace("is 0.02", "is 0.05"), encoding="utf-8")
    ran = run(desk, "compile", "--json")
    assert "- My own words about the learning rate." in page.read_text(encoding="utf-8")
    assert "wiki/set-aside/Muon (new version).md" in ran.document["set_aside"]
    assert "0.05" in (desk / "wiki/set-aside/Muon (new version).md").read_text(encoding="utf-8")
    assert run(desk, "compile", "--json").document["set_aside"] == []  # offered once, not again and again


def test_an_edited_page_whose_source_goes_is_moved_and_not_lost(desk: Path) -> None:
    page = next((desk / "wiki/sources").glob("*otes*.md"))
    page.write_text(page.read_text(encoding="utf-8") + "\nMy remark.\n", encoding="utf-8")
    (desk / "raw/notes.txt").unlink()
    assert run(desk, "compile").code == 0
    assert any("My remark." in p.read_text(encoding="utf-8") for p in (desk / "wiki/set-aside").glob("*.md"))


def test_a_page_that_a_person_made_is_never_overwritten(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    (desk / "wiki/concepts").mkdir()
    own = desk / "wiki/concepts/Muon.md"
    own.write_text("# Muon\n\nMy own page.\n", encoding="utf-8")
    assert run(desk, "compile").code == 0
    assert own.read_text(encoding="utf-8") == "# Muon\n\nMy own page.\n"
    assert (desk / "wiki/concepts/Muon (concept).md").exists()


def test_a_plan_writes_nothing_and_says_why(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    ran = run(desk, "compile", "--plan", "--json")
    assert ran.code == 0
    assert "wiki/sources/Muon, explained.md" in ran.document["plan"]
    assert not list((desk / "wiki").rglob("*.md"))
    run(desk, "compile")
    assert run(desk, "compile", "--plan", "--json").document["plan"] == {}


def test_a_plan_does_not_take_a_changed_document_for_a_removed_one(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"muon.html": f"<html><body><main>{MUON}</main></body></html>", "adam.md": ADAM})
    run(desk, "compile")
    page = desk / "raw/muon.html"
    page.write_text(page.read_text(encoding="utf-8").replace("0.02", "0.03"), encoding="utf-8")
    document = run(desk, "compile", "--plan", "--json").document
    assert document["withdrawn"] == []
    assert "converted, then read" in document["plan"]["raw/muon.html"]
    assert not [path for path, why in document["plan"].items() if "removed" in why]


def test_what_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    (desk / "raw/broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    (desk / "raw/empty.md").write_bytes(b"")
    (desk / "raw/program.exe").write_bytes(b"MZ\x00\x01")
    ran = run(desk, "compile", "--json")
    assert ran.code == 1
    assert set(ran.document["problems"]) == {"raw/broken.pdf", "raw/empty.md", "raw/program.exe"}
    assert all("\n" not in reason for reason in ran.document["problems"].values())
    assert len(list((desk / "wiki/sources").glob("*.md"))) == 3
    assert run(desk, "compile").code == 1  # still unread: a script must not take this for done


def test_the_same_content_twice_is_read_once(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"a.md": MUON, "b.md": MUON})
    ran = run(desk, "compile", "--json")
    assert ran.document["sources"] == 1
    assert any("is the same as" in note for note in ran.document["notes"])


def test_two_sources_with_one_title_get_two_pages_and_keep_their_names(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"b.md": MUON})
    run(desk, "compile")
    (desk / "raw/a.md").write_text(MUON.replace("0.02", "0.03"), encoding="utf-8")
    run(desk, "compile")
    pages = {p.stem: p.read_text(encoding="utf-8") for p in (desk / "wiki/sources").glob("*.md")}
    assert set(pages) == {"Muon, explained", "Muon, explained (a)"}
    assert "path: raw/b.md" in pages["Muon, explained"]  # the first comer keeps the plain name


def test_a_second_compile_is_refused_while_one_runs(desk: Path) -> None:
    code = (
        "import sys,time\nfrom pathlib import Path\nfrom nightdesk.base.lock import hold_lock\n"
        "with hold_lock(Path(sys.argv[1]), doing='compiling'):\n print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(desk / ".nightdesk/lock")], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    (desk / "raw/new.md").write_text("# New\n\nMuon is fast on two cores.\n", encoding="utf-8")
    ran = run(desk, "compile")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert ran.code == 2
    assert "in use" in ran.err
    assert run(desk, "compile").code == 0


@pytest.mark.parametrize("delay_seconds", [0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3])
def test_kill_9_at_any_moment_loses_nothing_and_the_next_compile_finishes(
    desk: Path, tmp_path: Path, delay_seconds: float
) -> None:
    mine = "\nA remark of my own.\n"
    page = desk / "wiki/concepts/Muon.md"
    page.write_text(page.read_text(encoding="utf-8") + mine, encoding="utf-8")
    for n in range(40):
        text = MUON.replace("Muon, explained", f"Muon, part {n}").replace("0.02", f"0.{n + 10}")
        (desk / f"raw/part-{n:02}.md").write_text(text, encoding="utf-8")
    running = start(desk, "compile")
    time.sleep(delay_seconds)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert run(desk, "compile").code == 0
    assert len(list((desk / "wiki/sources").glob("*.md"))) == 43
    assert git(desk, "status", "--porcelain") == ""
    assert not list(desk.rglob(".*.tmp"))
    kept = [page, *(desk / "wiki/set-aside").glob("*.md")]
    assert any(mine.strip() in p.read_text(encoding="utf-8") for p in kept)
    clean = tmp_path / "clean"
    clean.mkdir()
    other = make_desk(clean, {p.name: p.read_text(encoding="utf-8") for p in (desk / "raw").glob("*.*") if p.suffix})
    run(other, "compile")
    edited = "wiki/concepts/Muon.md"
    ours, theirs = snapshot(desk, but=("wiki/log.md", edited)), snapshot(other, but=("wiki/log.md", edited))
    assert {k: v for k, v in ours.items() if "set-aside" not in k} == theirs


def test_watch_compiles_what_is_dropped_into_raw(desk: Path) -> None:
    watching = start(desk, "compile", "--watch")
    try:
        deadline = time.monotonic() + 60
        time.sleep(2)
        n = 0
        while not list((desk / "wiki/sources").glob("Dropped*.md")) and time.monotonic() < deadline:
            n += 1
            (desk / "raw/dropped.md").write_text(
                f"# Dropped\n\nMuon needs {n} passes over the data.\n", encoding="utf-8"
            )
            time.sleep(3)
        assert list((desk / "wiki/sources").glob("Dropped*.md"))
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=30) in (0, 130)


def test_an_empty_desk_says_what_to_do(tmp_path: Path) -> None:
    ran = run(make_desk(tmp_path, {}), "compile")
    assert ran.code == 2
    assert "nightdesk add" in ran.err
