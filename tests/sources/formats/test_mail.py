"""Mail: who said what when, whatever its MIME says of itself."""

from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from tests.sources.conftest import png_bytes

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, tidy
from nightdesk.sources.formats.mail import convert, split_mailbox
from nightdesk.sources.formats.mail_message import attached_files
from nightdesk.sources.formats.mail_quotes import without_quotes
from nightdesk.sources.kinds import kind_of, why_not

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


def mail(
    text: str = "Muon takes five steps.", *, subject: str = "Steps", sender: str = "Ada <a@x.org>"
) -> EmailMessage:
    """Return a plain mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "Bob <b@x.org>, c@x.org", subject
    message["Date"], message["Message-ID"] = "Wed, 01 May 2024 10:02:00 +0200", f"<{len(subject)}.{len(text)}@x>"
    message.set_content(text)
    return message


def converted(samples: "Samples", content: bytes, name: str = "a.eml") -> Converted:
    """Return mail converted."""
    return tidy(convert(samples.file(name, content), samples.folder / "assets", assets_link="assets"))


def test_a_message_is_under_its_sender_and_time(samples: "Samples") -> None:
    got = converted(samples, mail("Größe 5.", subject="Größe", sender="Jürgen Ä <j@x.org>").as_bytes())
    assert (got.title, got.author, got.published) == ("Größe", "Jürgen Ä", "2024-05-01")
    assert "# Größe\n\n## Jürgen Ä, 2024-05-01 08:02 UTC\n" in got.markdown
    assert "- From: Jürgen Ä (j@x.org)\n- To: Bob, c@x.org" in got.markdown
    assert got.markdown.endswith("Größe 5.\n")


def test_html_counts_where_the_plain_text_is_a_stub(samples: "Samples") -> None:
    message = mail("View this mail in a browser.")
    page = "<h1>News</h1><p>" + "Muon takes five steps on each matrix. " * 5 + '</p><img src="cid:p1">'
    message.add_alternative(page, subtype="html")
    message.get_payload()[1].add_related(png_bytes(9, 9), "image", "png", cid="<p1>")  # type: ignore[index, union-attr]
    got = converted(samples, message.as_bytes())
    assert "Muon takes five steps on each matrix." in got.markdown
    assert "assets/image-1.png" in got.markdown
    assert "**News**" in got.markdown  # a heading within would hide the sender
    assert "browser" not in got.markdown


def test_attachments_are_listed_under_harmless_names(samples: "Samples") -> None:
    message = mail()
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../../etc/plan.pdf")
    content = message.as_bytes()
    assert "- Attached: plan.pdf (application/pdf, 1 kB)" in converted(samples, content).markdown
    assert list(attached_files(content)) == [("plan.pdf", b"%PDF-1.4")]


def test_a_mail_in_a_mail_is_told_apart(samples: "Samples") -> None:
    message = mail("See below.")
    message.add_attachment(mail("Adam is slow.", subject="Inner", sender="Eve <e@x.org>"))
    markdown = converted(samples, message.as_bytes()).markdown
    assert markdown.index("See below.") < markdown.index("### Eve, 2024-05-01") < markdown.index("Adam is slow.")


@pytest.mark.parametrize(
    ("header", "body", "words"),
    [
        ("text/plain; charset=iso-8859-1", "é".encode(), "é"),  # says Latin-1, is UTF-8
        ("text/plain; charset=utf-8", "é".encode("cp1252"), "é"),  # the other way round
        ("text/plain; charset=no-such-thing", "é".encode(), "é"),
        ("text/plain; charset=iso-2022-jp", "日本語".encode("iso-2022-jp"), "日本語"),  # valid ASCII as well
        ('text/plain; charset="utf-16"', "Ümlaut".encode("utf-16"), "Ümlaut"),
        ("nonsense", b"words", "words"),
    ],
)
def test_encodings_that_lie(samples: "Samples", header: str, body: bytes, words: str) -> None:
    content = b"From: a@x\nSubject: s\nContent-Type: " + header.encode() + b"\n\n" + body
    assert words in converted(samples, content).markdown


def test_nesting_and_damage_cost_only_themselves(samples: "Samples") -> None:
    deep = b"From: a@x\n"
    for n in range(3000):
        deep += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
    with pytest.raises(DeskError, match=r"nested"):
        converted(samples, deep)
    box = b"From a\n" + deep + b"\n\nFrom b\nFrom: Bob <b@x>\n\nStill here.\n"
    got = converted(samples, box, "a.mbox")
    assert "Still here." in got.markdown
    assert got.notes == ("1 messages cannot be read",)


def test_headers_with_raw_bytes(samples: "Samples") -> None:
    got = converted(samples, "From: Jürgen <j@x>\nSubject: Größe\n\nText.".encode())
    assert (got.title, got.author) == ("Größe", "Jürgen")


def test_a_long_encoded_header_is_cut(samples: "Samples") -> None:
    content = b"From: a@x\nSubject: " + b"=?=?" * 300_000 + b"\n\nbody"
    assert "body" in converted(samples, content).markdown


def test_a_mailbox_has_a_section_for_each_message(samples: "Samples") -> None:
    one, two = (
        mail("One.").as_bytes(),
        mail("Two.\n\n>From here on.", subject="Re: Steps", sender="Bob <b@x>").as_bytes(),
    )
    other = mail("Three.", subject="Lunch").as_bytes()
    box = b"".join(b"From x Wed May 1 10:00:00 2024\n" + part + b"\n\n" for part in (one, two, one, other))
    got = converted(samples, box, "box.mbox")
    assert got.markdown.count("### Ada, 2024-05-01 08:02 UTC") == 2
    assert got.markdown.count("One.") == 1
    assert "## Steps" in got.markdown
    assert "## Lunch" in got.markdown
    assert got.notes == ("1 messages stand there more than once; read once",)
    assert len(list(split_mailbox(box))) == 4
    assert b"\nFrom here on." in list(split_mailbox(box))[1]


def test_one_thread_has_its_subject_as_title(samples: "Samples") -> None:
    parts = [mail("One."), mail("Two.", subject="AW: Re: Steps")]
    box = b"".join(b"From x\n" + part.as_bytes() + b"\n\n" for part in parts)
    assert converted(samples, box, "box.mbox").title == "Steps"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nOn Mon, 1 May 2024, Bob wrote:\n> How many?", "Yes."),
        ("Yes.\n\nOn Mon, 1 May 2024 at 10:00,\nBob <b@x.org> wrote:\n> How many?\n> Five?", "Yes."),
        ("Ja.\n\nAm 1. Mai 2024 schrieb Bob:\n> Wie viele?", "Ja."),
        ("Yes.\nOn Monday Bob wrote:\n> How many?\n\n-- \nAda", "Yes."),  # a signature below the quote
        ("> How many?\n\nFive.\n\n> And of Adam?\n\nNone.", "> How many?\n\nFive.\n\n> And of Adam?\n\nNone."),
        ("Yes.\n\n-----Original Message-----\nFrom: Bob\n\nHow many?", "Yes."),
        ("Yes.\n\n**From:** Bob <b@x>\n**Sent:** Monday\n\nHow many?", "Yes."),
        ("> all of it\n> is a quote", "> all of it\n> is a quote"),  # else nothing would be left
        ("Costs:\n--\nfive", "Costs:"),  # a short rest after "--" is a signature
        ("a\n-- \n" + "line\n" * 30, "a\n-- \n" + "line\n" * 29 + "line"),  # a long one is not
        ("", ""),
    ],
)
def test_quotes_and_signatures(text: str, own: str) -> None:
    assert without_quotes(text).own == own


def test_what_is_forwarded_has_a_heading_of_its_own(samples: "Samples") -> None:
    text = "Look.\n\n---------- Forwarded message ---------\nFrom: Eve <e@x>\n\nAdam is slow.\n"
    markdown = converted(samples, mail(text).as_bytes()).markdown
    assert markdown.index("Look.") < markdown.index("### Forwarded by Ada") < markdown.index("Adam is slow.")


def test_what_is_no_mail(samples: "Samples") -> None:
    assert why_not(samples.file("a.eml", "just words\nand more")) == "is no mail"
    assert why_not(samples.file("b.mbox", b"\x00\x01\x02\x00" * 50)) == "is binary, not text"
    assert kind_of(samples.file("mbox", b"From a\nFrom: a@x\n\nb")) == "mail"
