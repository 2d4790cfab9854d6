"""The verifier of pages: every sentence cites what was supplied and agrees with it, and nothing uncited gets by."""

import pytest

from nightdesk.agents.tasks import Task
from nightdesk.wiki.writing import MAX_BODY, Evidence, WriteMaterial, page_sentences, verify_page

A, B = "c1111111111", "c2222222222"


def claim(page: str, identity: str, statement: str) -> Evidence:
    return Evidence(page, identity, statement, statement, ("Muon",), (), False, None)


MATERIAL = WriteMaterial(
    type="concept",
    name="Muon",
    title="Muon",
    aliases=(),
    language="en",
    evidence=(
        claim("Muon, explained", A, "Muon is an optimiser that runs five steps per update."),
        claim("Straße", B, "AdamW does not need a schedule, see https://example.org/a_b for more."),
    ),
    parts=(),
    names=("AdamW", "Learning rate"),
    known_names=("Muon",),
)
TASK = Task("write", "Muon", "hash", MATERIAL)
CA = f"[[Muon, explained#^{A}|1]]"
CB = f"[[Straße#^{B}|2]]"
S = "Muon is an optimiser"  # supported by A


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"{S}. {CA}", "the plain form"),
        (f"{S} {CA}.", "the citation before the stop"),
        (f"{S}.{CA}", "no blank"),
        (f"{S}.\n{CA}", "the citation on the next line"),
        (f"{S}.\r\n{CA}\r\n", "a Windows worker"),
        (f"{S}. {CA}{CA} {CA}", "several citations"),
        (f"{S}. [[Muon, explained#^{A}]]", "a citation without a label"),
        (f"{S}. {CA} It is an optimiser. {CA}", "two sentences, each with its own"),
        (f"{S}! {CA} Muon is an optimiser? {CA}", "other stops"),
        (f"“{S}.” {CA}", "a stop within quotation marks"),
        (f"**{S}.** {CA}", "within bold"),
        (f"- {S}. {CA}\n- It is an optimiser {CA}\n", "list items"),
        (f"- {S}. {CA}\n  - It is an optimiser. {CA}\n", "nested list items"),
        (f"1. {S}. {CA}\n2. It is an optimiser. {CA}\n", "numbered items"),
        (f"> {S}. {CA}", "a quotation"),
        (f"## Steps\n\n{S}. {CA}", "a heading"),
        (f"**Use.** {S}. {CA}", "a bold lead-in names a part, as a heading does"),
        (f"- **Five steps:** {S}. {CA}", "also in a list"),
        (f"{S}, unlike [[AdamW]]. {CA}{CB}", "a link"),
        (f"{S} with a [[Learning rate|rate]]. {CA}", "a link with other words"),
        (f"{S} with a [[learning RATE|rate]]. {CA}", "a link in another case"),
        (f"{S}. [[MUON, EXPLAINED#^{A}|1]]", "a page name in another case"),
        (f"AdamW does not need a schedule. [[STRASSE#^{B}|1]]", "a page name in another Unicode form"),
        (f"AdamW does not need a schedule, see https://example.org/a_b. {CB}", "an address that the claim gives"),
        (f"| What |\n| --- |\n| {S}. [[Muon, explained#^{A}]] |", "a table", ),
        (f"`Muon` is an optimiser. {CA}", "code within a sentence"),
        (f"Muon is an \\[optimiser\\](x). {CA}", "escaped brackets are words"),
    ],
)  # fmt: skip
def test_accepted(body: str, why: str) -> None:
    if "| What |" in body:
        body = body.replace("What", f"Muon [[Muon, explained#^{A}]]")
    verified = verify_page(TASK, body)
    assert verified.reasons == (), why
    assert verified.result


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "says nothing"),
        ("   \n\n", "says nothing"),
        ("## Only a heading", "says nothing"),
        (CA, "says nothing"),
        (f"{S}.", "has no citation"),
        (f"{S}. It is an optimiser. {CA}", "has no citation: 'Muon is an optimiser.'"),  # two sentences share one
        (f"{S}. {CA} It is an optimiser.", "has no citation: 'It is an optimiser.'"),  # on the same line
        (f"{S}. {CA}\n\nIt is an optimiser.", "has no citation"),
        (f"- {S}. {CA}\n  - It is an optimiser.\n", "has no citation"),
        (f"- {S}\n- {CA} It is an optimiser. {CA}", "has no citation"),
        (f"{S}.\n\n{CA} It is an optimiser. {CA}", "has no citation"),
        (f"{S}\n\n{CA}\n", "has no citation"),
        (f"> {S}.\n\n{S}. {CA}", "has no citation"),
        (f"| {S} |\n| --- |\n| {S}. [[Muon, explained#^{A}]] |", "has no citation"),
        (f"| a |\n| --- |\n| {S}. {CA} |", "in a table write citations without a label"),
        (f"**The optimiser of all optimisers is Muon.** {S}. {CA}", "has no citation"),  # too long to name a part
        (f"{S}. [[Muon, explained#^c9999999999|1]]", "which was not supplied"),
        (f"{S}. [[Other#^{A}|1]]", "cites Other#^c1111111111, which was not supplied"),
        (f"{S}. [[#^{A}|1]]", "which was not supplied"),
        (f"{S}. {CA}\n\n[[Other#^c9999999999|2]]", "which was not supplied"),  # alone in its paragraph
        (f"## Steps [[Other#^c9999999999|2]]\n\n{S}. {CA}", "which was not supplied"),  # in a heading
        (f"{S}. [[Muon, explained#^{A}|and the moon is made of cheese]]", "the label of a citation is its number"),
        (f"{S}. \\[[Muon, explained#^{A}|1]]", "has no citation"),  # escaped: no link
        (f"{S} `{CA}`.", "in code or a formula"),
        (f"{S} ``x` {CA}``.", "in code or a formula"),
        (f"{S} $x {CA}$.", "in code or a formula"),
        (f"{S} runs `a\\` steps `{CA}`.", "in code or a formula"),
        (f"{S}. %%{CA}%%", "hides or runs"),
        (f"{S}. {CA} ~~It is a lie.~~", "hides or runs"),
        (f"{S} `= this.file`. {CA}", "hides or runs"),
        (f"{S} `$= dv.x()`. {CA}", "hides or runs"),
        (f"{S} with [[Nowhere]]. {CA}", "the link [[Nowhere]] leads nowhere"),
        (f"{S} with [[AdamW#Heading]]. {CA}", "is neither a citation"),
        (f"{S} with [[AdamW. {CA}", "is neither a citation"),
        (f"{S} with [[Muon]]. {CA}", "leads nowhere"),  # to itself
        (f"{S}. {CA}\n\n![x](https://example.org/x.png)", "images, HTML and links"),
        (f"{S}. {CA}\n\n![[picture.png]]", "images, HTML and links"),
        (f"{S} <b>of old</b>. {CA}", "images, HTML and links"),
        (f"{S}. {CA}\n\n<script>alert(1)</script>", "images, HTML and links"),
        (f"{S}. {CA}\n\n<!-- {S}. -->", "images, HTML and links"),
        (f"{S}. {CA}\n\n<https://example.org>", "images, HTML and links"),
        (f"[{S}](javascript:alert). {CA}", "images, HTML and links"),
        (f"[{S}](\njavascript:alert). {CA}", "images, HTML and links"),
        (f"[{S}](java&#115;cript:alert). {CA}", "images, HTML and links"),
        (f"[{S}](//example.org). {CA}", "images, HTML and links"),
        (f"[{S}](../../raw/x.pdf). {CA}", "images, HTML and links"),
        (f"[{S}][x]. {CA}\n\n[x]: https://example.org", "images, HTML and links"),
        (f"[{S}][x]. {CA}\n\n> [x]: /path", "images, HTML and links"),
        (f"{S}[^1]. {CA}\n\n[^1]: An uncited note.", "images, HTML and links"),
        (f"{S}, see https://evil.example. {CA}", "an address that no claim gives"),
        (f"{S}, see javascript:alert(1). {CA}", "an address that no claim gives"),
        (f"# Muon\n\n{S}. {CA}", "headings start at level 2"),
        (f"  #\tMuon\n\n{S}. {CA}", "headings start at level 2"),
        (f"Muon\n===\n\n{S}. {CA}", "headings start at level 2"),
        (f"- # Muon\n\n{S}. {CA}", "headings start at level 2"),
        (f"## Runs 10 steps\n\n{S}. {CA}", "in 'Runs 10 steps'"),
        (f"## The year 1999\n\n{S}. {CA}", "1999"),
        (f"{'long ' * 30}\n---\n\n{S}. {CA}", "a heading is longer than"),
        (f"## Sources\n\n{S}. {CA}", "is kept for what code adds"),
        (f"## Related\n\n{S}. {CA}", "is kept for what code adds"),
        (f"{S}. {CA}\n\n```\n{S}.\n```", "a block of code"),
        (f"{S}. {CA}\n\n    It is indented.\n", "a block of code"),
        (f"{S}. {CA}\n\n- x {CA}\n\n      deep code\n", "a block of code"),
        (f"{S}. {CA}\n\n```dataview\nTABLE x\n```", "a block of code"),
        (f"{S}. {CA}\n\n$$\\text{{It is a lie.}}$$", "a block of math"),
        (f"---\ntitle: x\n---\n{S}. {CA}", "frontmatter"),
        (f"+++\ntitle = 'It is a lie'\n+++\n{S}. {CA}", "frontmatter"),
        (f"\ufeff{S}. {CA}", "frontmatter"),
        (f"{S} that runs ten steps. {CA}", "ten"),
        (f"AdamW needs a schedule. {CB}", "in 'AdamW needs a schedule.'"),
        (f"AdamW does not need a schedule. {CA}", "in 'AdamW does not need a schedule.'"),  # the other claim says so
        (f"{S} by Google. {CA}", "Google"),
        (f"{S}. {CA} \ud800", "no text"),
        (f"{S}. {CA} \0", "no text"),
        (f"{S}. \ufdd0_0\ufdd1", "no text"),  # what stands for a citation within the verifier
        ("x" * (MAX_BODY + 1), "longer than"),
    ],
)
def test_rejected(body: str, reason: str) -> None:
    verified = verify_page(TASK, body)
    assert any(reason in given for given in verified.reasons), verified
    assert not verified.accepted
    "".join(verified.reasons).encode("utf-8")


def test_what_is_accepted_calls_every_page_by_its_name() -> None:
    body = f"{S} with a [[learning RATE|rate]] and [[ADAMW]]. [[MUON, EXPLAINED#^{A}|1]] [[STRASSE#^{B}|2]]"
    written = verify_page(TASK, body).result
    assert written
    assert written.body == f"{S} with a [[Learning rate|rate]] and [[AdamW]]. {CA} {CB}"
    assert written.cited == (("Muon, explained", A), ("Straße", B))


def test_the_first_sentence_stands_for_the_page() -> None:
    written = verify_page(TASK, f"## Use\n\n**Use.** Muon is *an* [[AdamW|optimiser]]. {CA} It runs. {CA}\n").result
    assert written
    assert written.summary == "Muon is an optimiser."
    assert written.cited == (("Muon, explained", A),)


@pytest.mark.parametrize(
    "hostile",
    [
        "." + " " * 300_000,
        "\n" * 300_000,
        "- " * 100_000 + "x",
        ("-" + " " * 50) * 5_000,
        "[[" * 150_000,
        "[" * 100_000 + "]:",
        "a." * 150_000 + ":",
        "<a" * 100_000,
        "`" * 300_000,
        "".join("`" * (n % 50) + " " for n in range(10_000)),
        f"{CA} " * 5_000,
        "**a b" * 50_000,
        "\\" * 300_000,
        "$" * 200_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_hostile_hand_in_is_answered(hostile: str) -> None:
    """A regular expression that backtracks would take hours here."""
    assert not verify_page(TASK, hostile).accepted


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("de", f"Muon ist ein Verfahren des 19. Jahrhunderts. {CA}"),
        ("zh", f"学习率很重要。{CA}"),
        ("hi", f"यह एक वाक्य है। {CA}"),
        ("ja", f"「学習率は重要だ。」{CA}"),
        ("fr", f"« Muon est bon. » {CA}"),
    ],
)
def test_a_citation_belongs_to_the_sentence_before_it_in_any_language(language: str, body: str) -> None:
    (sentence,) = page_sentences(body, language=language)
    assert sentence[1] == (("Muon, explained", A),)


def test_a_persons_sentence_is_seen_to_cite_nothing() -> None:
    assert page_sentences(f"{S}. {CA} I doubt that.", language="en") == (
        (f"{S}.", (("Muon, explained", A),)),
        ("I doubt that.", ()),
    )
