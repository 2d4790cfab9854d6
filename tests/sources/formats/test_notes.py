"""Notes of an Obsidian vault and pages of a Notion export as text that quotes are checked against."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.sources.formats import notion, obsidian
from nightdesk.sources.formats.converted import tidy
from nightdesk.sources.formats.notion import clean_name
from nightdesk.sources.kinds import kind_of

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("[[Muon]] is fast.", "Muon is fast."),
        ("[[Muon optimizer|Muon]] is fast.", "Muon is fast."),
        ("[[Muon#Steps]] and [[#Below]]", "Muon > Steps and Below"),
        ("| [[a\\|b]] |", "| b |"),  # within tables the bar is escaped
        ("![[pic.png|300]] and ![[Note#Part]]", "pic.png and Note > Part"),
        ("`[[code]]` stays", "`[[code]]` stays"),
        ("```\n[[code]] %% ==x==\n```\n[[a]]", "```\n[[code]] %% ==x==\n```\na"),
        ("A ==marked== word. ^abc-1", "A marked word."),
        ("Seen %%not seen%% seen", "Seen  seen"),
        ("Seen\n%%\nnot seen\n%%\nseen", "Seen\n\nseen"),
        ("It cost 50%% more [[a]]", "It cost 50%% more a"),  # a mark without its partner hides nothing
        ("> [!warning]- Careful\n> It burns.", "> **Careful**\n>\n> It burns."),
        ("> [!tip]\n> Use it.", "> **Tip**\n>\n> Use it."),
        ("a == b and c == d", "a == b and c == d"),
        ("[[unclosed and [text](note.md)", "[[unclosed and [text](note.md)"),
        ("[[" * 2000, "[[" * 2000),
    ],
)
def test_a_note_as_the_words_that_it_shows(samples: "Samples", note: str, text: str) -> None:
    converted = obsidian.convert(samples.file("a.md", note), samples.folder, assets_link="")
    assert tidy(converted).markdown == text + "\n"


def test_the_properties_of_a_note(samples: "Samples") -> None:
    front = '---\ntitle: "[[Muon]]"\nauthor: ["[[Ada|A.]]", Bob]\ncreated: 2024-05-01\n---\nText.\n'
    converted = obsidian.convert(samples.file("a.md", front), samples.folder, assets_link="")
    assert (converted.title, converted.author, converted.published) == ("Muon", "A., Bob", "2024-05-01")
    assert converted.markdown == "Text.\n"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (f"See [Sub](Top%20{ID}/Sub%20{ID}.md).", "See [[Sub]]."),
        (f"See [that](Sub%20{ID}.md#part).", "See [[Sub|that]]."),
        (f"[Tasks](Tasks%20{ID}.csv)", "[[Tasks]]"),
        (f"![x](Top%20{ID}/x.png)", f"![x](Top%20{ID}/x.png)"),
        (f"[web](https://notion.so/a-{ID})", f"[web](https://notion.so/a-{ID})"),
        (f"`[Sub](Sub%20{ID}.md)`", f"`[Sub](Sub%20{ID}.md)`"),
    ],
)
def test_links_of_a_notion_page(samples: "Samples", page: str, text: str) -> None:
    assert notion.convert(samples.file("a.md", page), samples.folder, assets_link="").markdown == text


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Created: May 1, 2024 10:00 AM", "2024-05-01"),
        ("Date: 2024-05-01", "2024-05-01"),
        ("Created time: Smarch 1, 2024", None),
        ("Tags: x", None),
    ],
)
def test_the_date_of_a_notion_page(samples: "Samples", line: str, day: str | None) -> None:
    path = samples.file("a.md", f"# Title\n\n{line}\n\nText.")
    assert notion.convert(path, samples.folder, assets_link="").published == day


def test_names_without_their_ids() -> None:
    assert clean_name(f"Plan {ID}.md") == "Plan.md"
    assert clean_name(f"Tasks {ID}_all.csv") == "Tasks_all.csv"
    assert clean_name(f"{ID}.md") == f"{ID}.md"  # nothing else would be left
    assert clean_name("deadbeef.md") == "deadbeef.md"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("# T\n\nSee [[Muon]].", "obsidian"),
        (f"See [Sub](Sub%20{ID}.md).", "notion"),
        ("# T\n\n[a](b.md)", "markdown"),
        ('---\nauthor: "[[Ada]]"\n---\nText.', "markdown"),  # a web clip
    ],
)
def test_notes_are_known_by_their_content(samples: "Samples", content: str, kind: str) -> None:
    assert kind_of(samples.file("a.md", content)) == kind
