"""Names: safe on every system and in Obsidian's links, the same name for the same title, one key for one name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.names import MAX_NAME_BYTES, name_key, safe_name, with_suffix

FORBIDDEN = set('<>:"/\\|?*#^[]') | {chr(n) for n in range(32)} | {"\x7f"}
RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10))}
# made of what the rules are about, so that hypothesis meets their corners
TRICKY = st.text(st.sampled_from([*'con.prx %#[]:/ ,!?\t"', "e", "\u0301", "\u200d", "é", "大", "\u00a0", "ﬁ", "İ"]))


@given(st.text() | TRICKY)
def test_every_title_gives_a_name_that_every_system_can_hold(title: str) -> None:
    name = safe_name(title)
    assert name
    assert not FORBIDDEN & set(name)
    assert len(name.encode("utf-8")) <= MAX_NAME_BYTES
    assert name == name.strip(". ")
    assert "%%" not in name
    assert name.partition(".")[0].strip().casefold() not in RESERVED
    assert unicodedata.is_normalized("NFC", name)
    assert safe_name(name) == name, "a name is its own name"


@given(st.text() | TRICKY)
def test_a_key_is_its_own_key_whatever_the_case_and_form(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert name_key(unicodedata.normalize(form, name)) == key
    assert name_key(name.casefold()) == key


@given(st.text() | TRICKY, st.text() | TRICKY)
def test_a_suffix_leaves_a_name_safe(title: str, suffix: str) -> None:
    name = with_suffix(safe_name(title), suffix)
    assert safe_name(name) == name
    assert name.endswith(")")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Muon optimizer", "Muon optimizer"),
        ("A/B test", "A B test"),
        ("C#", "C"),
        ("What is BPB?", "What is BPB"),
        ("Rc<T>, explained", "Rc T, explained"),
        ('a "quoted" word', "a quoted word"),
        ("[[link]]|shown", "link shown"),
        ("100%% sure", "100% sure"),  # %% opens a comment in Obsidian
        ("%%%%", "%"),
        (".hidden", "hidden"),
        ("ends with dots...", "ends with dots"),
        ("two\nlines\tand tabs", "two lines and tabs"),
        ("no\u00a0break", "no break"),
        ("zero\u200bwidth", "zerowidth"),
        ("\u202egnp.exe", "gnp.exe"),  # a right-to-left override disguises an ending
        ("e\u0301", "é"),
        ("e\u200d\u0301", "é"),  # an invisible character kept the two apart
        ("大きさ", "大きさ"),
        ("CON", "CON_"),
        ("con.txt", "con_.txt"),
        ("CON .txt", "CON_ .txt"),  # Windows ignores the blank
        ("Console", "Console"),
        ("com1", "com1_"),
        ("LPT²", "LPT²_"),
        ("CONOUT$", "CONOUT$_"),
        ("", "untitled"),
        ("???", "untitled"),
        (". . .", "untitled"),
        ("\ud800", "untitled"),  # half a character
        ("con" + " ." * 100, "con_"),
    ],
)
def test_names(title: str, name: str) -> None:
    assert safe_name(title) == name


@pytest.mark.parametrize("char", ["a", "é", "大", "😀", "e\u0301"])
def test_long_titles_are_cut_between_characters(char: str) -> None:
    name = safe_name(char * 1_000_000)
    assert MAX_NAME_BYTES - 4 < len(name.encode("utf-8")) <= MAX_NAME_BYTES
    assert set(name) == set(unicodedata.normalize("NFC", char))


def test_a_long_name_keeps_its_suffix() -> None:
    name = with_suffix(safe_name("x" * 500), "y" * 500)
    assert name == f"{'x' * 117} ({'y' * 60})"
    assert len(f"{name} (new version).md".encode()) < 255, "ENAMETOOLONG"
    assert with_suffix("Muon", "a/b") == "Muon (a b)"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Muon", "muon", True),
        ("STRASSE", "straße", True),
        ("e\u0301", "é", True),
        ("ﬁne", "fine", True),
        ("Ⅳ", "iv", True),
        ("１", "1", True),
        ("product-10", "product-11", False),
        ("Muon", "Muons", False),
        ("a b", "ab", False),
        ("résumé", "resume", False),
    ],
)
def test_which_names_are_one(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) is same
