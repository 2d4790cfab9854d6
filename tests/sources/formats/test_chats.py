"""Chats: the branch that is shown, who said it, and nothing that a person did not see."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.chats import convert
from nightdesk.sources.formats.conversations import iso_moment, moment
from nightdesk.sources.formats.converted import Converted, tidy
from nightdesk.sources.kinds import kind_of

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


def node(name: str, parent: str | None, role: str, *parts: Any, kind: str = "text", **more: Any) -> dict[str, Any]:
    """Return a node of ChatGPT's tree."""
    content = {"content_type": kind, "parts": list(parts)}
    message = {"author": {"role": role}, "create_time": 1714550000, "content": content, **more}
    return {"id": name, "parent": parent, "children": ["x"], "message": message}


def chatgpt(*nodes: dict[str, Any], current: str | None, title: str = "Steps") -> dict[str, Any]:
    """Return a conversation of ChatGPT."""
    root = {"id": "root", "parent": None, "children": ["x"], "message": None}
    mapping = {"root": root} | {one["id"]: one for one in nodes}
    return {"title": title, "mapping": mapping, "current_node": current}


def converted(samples: "Samples", document: Any, name: str = "conversations.json") -> Converted:
    """Return an export converted."""
    path = samples.file(name, json.dumps(document))
    return tidy(convert(path, samples.folder / "assets", assets_link="assets"))


def test_only_the_branch_that_is_shown(samples: "Samples") -> None:
    document = chatgpt(
        node("s", "root", "system", "Be nice."),
        node("a", "s", "user", "How many steps?"),
        node("b", "a", "assistant", "Six."),
        node("c", "a", "assistant", "# Answer\nFive. \ue200cite\ue202turn0\ue201"),
        node("d", "c", "user", {"content_type": "image_asset_pointer"}, "And here?", kind="multimodal_text"),
        node("e", "d", "assistant", "search()", kind="code"),
        node("f", "e", "tool", "results"),
        node("g", "f", "assistant", "to a tool", recipient="browser"),
        node("h", "g", "user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        current="h",
    )
    got = converted(samples, [document])
    assert got.title == "Steps"
    assert got.published == "2024-05-01"
    headings = [line for line in got.markdown.splitlines() if line.startswith("#")]
    you, it = "## You (user), 2024-05-01 07:53 UTC", "## ChatGPT (assistant), 2024-05-01 07:53 UTC"
    assert headings == ["# Steps", you, it, you]
    assert "**Answer**\n\nFive.\n" in got.markdown
    assert "- Attached: 1 pictures" in got.markdown
    for unseen in ("Six", "Be nice", "search", "results", "to a tool", "hidden", "cite"):
        assert unseen not in got.markdown


def test_trees_without_an_end_or_a_current_node(samples: "Samples") -> None:
    circle = chatgpt(node("a", "b", "user", "One."), node("b", "a", "user", "Two."), current="a")
    assert "One." in converted(samples, [circle]).markdown
    late = node("b", "root", "user", "Late.") | {"children": []}
    early = node("a", "root", "user", "Early.", create_time=1) | {"children": []}
    assert "Late." in converted(samples, [chatgpt(late, early, current=None)]).markdown
    assert "Late." in converted(samples, [chatgpt(late, early, current="gone")]).markdown


def test_several_conversations_are_sections(samples: "Samples") -> None:
    both = [chatgpt(node("a", "root", "user", f"Said {t}."), current="a", title=t) for t in ("One", "# [[Two]]")]
    got = converted(samples, both)
    assert got.title == "ChatGPT conversations"
    assert "## One\n\n### You (user)" in got.markdown
    assert "## Two\n" in got.markdown


def test_claude(samples: "Samples") -> None:
    def message(name: str, sender: str, parent: str | None, **more: Any) -> dict[str, Any]:
        return {
            "uuid": name,
            "sender": sender,
            "parent_message_uuid": parent,
            "created_at": "2024-05-01T10:00:00Z",
            **more,
        }

    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Five."}, {"type": "tool_use"}]
    messages = [
        message("1", "human", None, text="How many?", attachments=[{"file_name": "a.pdf", "extracted_content": "x"}]),
        message("2", "assistant", "1", text="old", content=[{"type": "text", "text": "Old."}]),
        message("3", "assistant", "1", text="flat", content=blocks),
    ]
    whole = {"name": "Steps", "chat_messages": messages}
    got = converted(samples, [whole | {"current_leaf_message_uuid": "3"}]).markdown
    assert "## Claude (assistant), 2024-05-01 10:00 UTC\n\nFive.\n" in got
    assert "- Attached: a.pdf" in got
    assert "Old." not in got
    assert "hm" not in got
    assert "Old." in converted(samples, [whole]).markdown  # without a leaf nobody can say which was shown


def slack(text: str, *, user: str = "U1", ts: str = "1714550000.0001", **more: Any) -> dict[str, Any]:
    """Return a message of Slack."""
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


def test_slack_with_the_names_of_its_export(samples: "Samples") -> None:
    samples.file(
        "export/users.json", json.dumps([{"id": "U1", "profile": {"real_name": "Ada"}}, {"id": "U2", "name": "bob"}])
    )
    day = [
        slack("Later.", ts="1714560000.0001", user="U2", thread_ts="1714550000.0001"),
        slack("Ask <@U2> in <#C1|help>: *five* <https://a.org|steps> &lt;5 <!here>", files=[{"name": "a.png"}]),
        slack("joined", subtype="channel_join"),
        slack("Built.", user="", subtype="bot_message", username="CI", ts="1714570000.1"),
    ]
    got = converted(samples, day, "export/general/2024-05-01.json")
    assert got.title == "#general, 2024-05-01"
    assert "Ask @bob in #help: **five** [steps](https://a.org) <5 @here" in got.markdown
    assert "- Attached: a.png" in got.markdown
    assert "joined" not in got.markdown
    assert (
        got.markdown.index("## Ada, 2024")
        < got.markdown.index("## bob to Ada, 2024")
        < got.markdown.index("## CI (bot)")
    )


def test_slack_tables_that_lead_elsewhere_are_not_read(samples: "Samples") -> None:
    secret = samples.file("secret.json", json.dumps([{"id": "U1", "name": "secret"}]))
    (samples.folder / "export").mkdir()
    (samples.folder / "export/users.json").symlink_to(secret)
    assert "secret" not in converted(samples, [slack("Hello.")], "export/general/2024-05-01.json").markdown


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('[{"title": "x", "mapping": {"a": {"message": {"author": {"role": "user"}}}}}]', "chat"),
        ('[{"uuid": "x", "chat_messages": []}]', "chat"),
        ('[{"type": "message", "ts": "1714550000.0001"}]', "chat"),
        ('{"mappings": {"mapping": {"type": "keyword"}}}', "code"),  # a search engine's settings
        ('[{"type": "message"}]', "code"),
        ("{}", "code"),
    ],
)
def test_chats_are_known_by_their_content(samples: "Samples", content: str, kind: str) -> None:
    assert kind_of(samples.file("any name.json", content)) == kind


@pytest.mark.parametrize("document", [{"mapping": 3}, [1, 2], ["x"], {"a": [{"role": "user"}]}, [[]], None])
def test_json_that_is_no_chat_comes_as_code(samples: "Samples", document: Any) -> None:
    assert "```json" in converted(samples, document).markdown


@pytest.mark.parametrize(
    "hostile",
    [
        chatgpt(current="root"),
        {"title": None, "mapping": {"a": 3, "b": {"message": {"author": 1, "content": [], "metadata": "x"}}}},
        {"name": 5, "chat_messages": [1, {"sender": "human"}, {"sender": [], "content": {}}]},
    ],
)
def test_chats_without_a_message_say_so(samples: "Samples", hostile: Any) -> None:
    with pytest.raises(DeskError, match="no message"):
        converted(samples, [hostile])


def test_times_that_are_none() -> None:
    values: tuple[object, ...] = (None, "x", float("nan"), float("inf"), 1e300, -5, "", [])
    for value in values:
        assert moment(value) is None
    assert iso_moment("yesterday") is None
    assert iso_moment("0001-01-01T00:00:00+23:00") is None  # before the year 1
