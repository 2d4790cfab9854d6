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
        (f"| What |\n| --- |\n| {S}. [[Muon, explained#^{A}]] |", "a table"),
        (f"`Muon` is an optimiser. {CA}", "code within a sentence"),
        (f"Muon is an \\[optimiser\\](x). {CA}", "escaped brackets are words"),
    ],
)  # fmt: skip
def test_accepted(body: str, why: str) -> None:
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
        (f"# AdamW\n\n{S}. {CA}", "headings start at level 2"),
        (f"  #\tAdamW\n\n{S}. {CA}", "headings start at level 2"),
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


def evidence(page: str, identity: str, statement: str) -> Evidence:
    return claim(page, f"c{identity * 10}", statement)


GAINS = (
    evidence("Muon, explained", "1", "Muon reached the target loss in 35% less time than AdamW."),
    evidence("Replication", "2", "A replication measured a speed-up of only 12% over AdamW."),
    evidence("Muon, explained", "3", "Muon uses a learning rate of 0.02."),
    evidence("Replication", "4", "AdamW uses a learning rate of 0.001."),
    evidence("Replication", "5", "Whether Muon helps embeddings is open."),
)
COMPARISON: Task[WriteMaterial] = Task(
    "write",
    "Muon vs AdamW",
    "hash",
    WriteMaterial(
        type="comparison",
        name="Muon vs AdamW",
        title="Muon vs AdamW",
        aliases=(),
        language="en",
        evidence=GAINS,
        parts=(),
        names=("AdamW", "Learning rate", "Muon"),
        known_names=("Muon vs AdamW", "Muon", "AdamW"),
        neighbours=(("Lion", "Lion is an optimiser."),),
        category="Optimisers",
    ),
)
G1, G2, G3, G4, G5 = (f"[[{e.page}#^{e.id}|{1 + (e.page == 'Replication')}]]" for e in GAINS)
U1, U2, U3, U4 = (citation.split("|")[0] + "]]" for citation in (G1, G2, G3, G4))
LEAD = f"Muon uses a learning rate of 0.02. {G3}"
CONTRADICTION = (
    f"> [!contradiction] How large the gain is\n> One report says 35%. {G1}\n> A replication measured 12%. {G2}\n"
)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"The gain is 35% in one report and 12% in another. {G1}{G2}", "numbers of several claims"),
        (f"The gain is 35% in one report and 12% in another. {G1}, {G2}", "citations with a comma"),
        (f"The gain is 35% ({G1}).", "a citation in brackets"),
        (f"The gain is 35% or 12% ({G1}; {G2}).", "two in brackets"),
        (f"The gain is 35%. ({G1})", "brackets behind the stop"),
        (f"The gain is 35% {G1} in one report and 12% {G2} in another.", "within the sentence"),
        (f"_Muon uses a learning rate of **0.02**._ {G3}", "emphasis"),
        (f"{LEAD}\n\n---\n\nAdamW uses 0.001. {G4}", "a rule between parts"),
        (f"{LEAD}\n\n{CONTRADICTION}", "a contradiction"),
        (f"{LEAD}\n\n> [!contradiction]\n> One report says 35%, a replication 12%. {G1} {G2}", "in one sentence"),
        (f"{LEAD}\n\n> [!Contradiction]\n> - One report says 35%. {G1}\n> - A replication says 12%. {G2}", "as a list"),
        (f"{LEAD}\n\n## Open questions\n\n- Does Muon help embeddings? {G5}\n", "an open question"),
        (f"{LEAD}\n\n## Open questions\n\nWhether Muon helps embeddings is open. {G5}\n", "also as a statement"),
        (f"{LEAD}\n\n## Open questions\n\n- Why is the gain 35% in one report and 12% in another? {G1}{G2}\n", "why"),
        (f"{LEAD}\n\n| | Muon | AdamW | Source |\n|---|---|---|---|\n| Rate | 0.02 | 0.001 | {U3} {U4} |", "a table"),
        (f"{LEAD}\n\n| | Muon | Source |\n|:--|--:|---|\n| Gain | 35% | {U1} |\n| Rate | 0.02 | {U3} |", "rows"),
        (f"{LEAD}\n\n| | Muon | AdamW |\n|---|---|---|\n| Rate | 0.02 {U3} | 0.001 {U4} |", "citations in the cells"),
        (f"{LEAD}\n\n| Of | Rate | Source |\n|---|---|---|\n| [[Muon]] | 0.02 | {U3} |\n| AdamW | — | {U4} |", "links"),
        (f"# Muon vs AdamW\n\n{LEAD}", "the page's own title"),
        (f"# muon vs adamw #\n{LEAD}", "the page's own title in another form"),
        (f"```markdown\n{LEAD}\n```", "a fence around the page"),
        (f"Here is the page you asked for:\n\n```\n{LEAD}\n\n- AdamW uses 0.001. {G4}\n```\nDone!", "words around it"),
    ],
)  # fmt: skip
def test_forms_that_models_use_are_accepted(body: str, why: str) -> None:
    verified = verify_page(COMPARISON, body)
    assert verified.reasons == (), why
    assert verified.result
    assert verify_page(COMPARISON, verified.result.body).result == verified.result  # what is kept is accepted again


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        (f"| | Muon | Source |\n|---|---|---|\n| Rate | 0.02 | {G3} |", f"| Rate | 0.02 | {U3} |"),
        (f"| | Muon |\n|---|---|\n| Rate | 0.02 {G3.replace('|', chr(92) + '|')} |", f"| Rate | 0.02 {U3} |"),
        (f"| | Source |\n|---|---|\n| [[Learning rate|Rate]] | {U3} |", f"| [[Learning rate]] | {U3} |"),
        (f"| | Source |\n|---|---|\n| [[learning RATE\\|Rate]] | {U3} |", f"| [[Learning rate]] | {U3} |"),
    ],
)
def test_links_in_tables_lose_what_would_end_the_cell(table: str, kept: str) -> None:
    verified = verify_page(COMPARISON, f"{LEAD}\n\n{table}\n")
    assert verified.reasons == ()
    assert verified.result
    assert verified.result.body.rstrip().split("\n")[-1] == kept


def test_a_citation_without_a_number_gets_the_one_of_its_source() -> None:
    body = f"AdamW uses 0.001. {G4}\n\n{LEAD.replace(G3, U3)} A replication measured 12%. {U2} {U4}\n"
    written = verify_page(COMPARISON, body).result
    assert written
    assert written.body == f"AdamW uses 0.001. {G4}\n\n{LEAD} A replication measured 12%. {G2} {G4}\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"> [!note]\n> {LEAD}", "the callout [!note] is not allowed"),
        (f"> [!NOTE] x\n> {LEAD}", "the callout [!note] is not allowed"),
        (f"- a [[Muon]] {G3}\n  > [!warning]- x\n  > {LEAD}", "the callout [!warning] is not allowed"),
        (f"{LEAD}\n\n{CONTRADICTION.replace(']', ']-', 1)}", "is not folded"),
        (f"{LEAD}\n\n> {CONTRADICTION}", "stands at the start of a line"),
        (f"{LEAD}\n\n> [!contradiction]\n> One report says 35%. {G1}", "at least the two claims"),
        (f"{LEAD}\n\n> [!contradiction]\n> One report says 35%. {G1}\n> It says 35%. {G1}", "at least the two claims"),
        (f"{LEAD}\n\n> [!contradiction]\n\n> One report says 35%, one 12%. {G1} {G2}", "at least the two claims"),
        (f"{LEAD}\n\n{CONTRADICTION.replace('How large', 'It is 77%, how large')}", 'says "77%"'),
        (f"{LEAD}\n\n{CONTRADICTION.replace('12%', '21%')}", 'says "21%"'),
        (f"{LEAD}\n\n{CONTRADICTION.replace('gain is', 'gain ' * 20)}", "the title of a callout is longer"),
        (f"{LEAD}\n\n## Open questions\n\n- Does Muon help embeddings?\n", "has no citation"),
        (f"{LEAD}\n\n## Open questions\n\n- Why is the gain 53%? {G1}\n", 'says "53%"'),
        (f"{LEAD}\n\n## Open questions\n\n- Why does Lion win? {G1}\n", 'names "Lion"'),
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| Rate | 0.02 |", "has no citation: '0.02'"),
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| Rate | 0.03 {U3} |", 'says "0.03"'),
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| Rate | 0.02 {U1} |", 'says "0.02"'),  # of another claim
        (f"{LEAD}\n\n| | Muon | AdamW | |\n|---|---|---|---|\n| Rate | 0.001 | 0.02 | {U3} {U4} |", 'says "0.001"'),
        (f"{LEAD}\n\n| Of | Rate | |\n|---|---|---|\n| [[Muon]] | 0.001 | {U3} {U4} |", 'says "0.001"'),
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| Fast | yes {U1} |", "says only this"),
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| Fast | ✓ {U1} |", "says only this"),
        (f"{LEAD}\n\n| | Lion 4.2 |\n|---|---|\n| Rate | 0.02 {U3} |", "Lion 4.2"),  # the head of a column
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| Rate | 0.02 {U3} | It is a lie. |", "more cells than its table"),
        (f"{LEAD}\n\n> | | Muon |\n> |---|---|\n> | Rate | 0.02 {U3} | It is a lie. |", "a table in a list or"),
        (f"{LEAD}\n\n| | {'long ' * 30} |\n|---|---|\n| Rate | 0.02 {U3} |", "the head of a column is longer"),
        (f"{LEAD} Mu\u200bon is fast. {G1}", "the hidden character U+200B"),
        (f"{LEAD} \U000e0041\U000e0042", "the hidden character U+E0041"),
        (f"# Another title\n\n{LEAD}", "headings start at level 2"),
        (f"```\n{LEAD}\n```\n\nAdamW uses 0.001. {G4}", "a block of code"),  # a fence around a part
        (f"Whether Muon helps embeddings is proven. {G5}", 'says "proven"'),
        (f"Muon helps. [[Muon, explained#^c{'3' * 9}4|1]]", f"is ^c{'3' * 10}"),
        (f"Muon helps. [[Replication#^c{'3' * 10}|1]]", f"that claim is [[Muon, explained#^c{'3' * 10}]]"),
        ("Muon helps. [[Replication#^x|1]]", f"claims of that page: ^c{'2' * 10}, ^c{'4' * 10}, ^c{'5' * 10}"),
        (f"{LEAD} It is like [[Learning rates]]. {G3}", "is [[learning rate]] meant?"),
    ],
)  # fmt: skip
def test_forms_that_are_refused(body: str, reason: str) -> None:
    verified = verify_page(COMPARISON, body)
    assert any(reason in given for given in verified.reasons), verified.reasons
    if verified.result:  # what is kept of it is a page that is accepted
        assert verify_page(COMPARISON, verified.result.body).accepted


BAD = f"Muon uses a learning rate of 0.5. {G3}"
MORE = f"AdamW uses a learning rate of 0.001. {G4}"


@pytest.mark.parametrize(
    ("body", "kept", "worth"),
    [
        (f"{LEAD} {BAD} {MORE}", f"{LEAD}  {MORE}\n", 2),
        (f"{LEAD}\n\n{BAD}\n\n{MORE}\n", f"{LEAD}\n\n{MORE}\n", 2),
        (f"- {LEAD}\n- {BAD}\n- {MORE}\n", f"- {LEAD}\n- {MORE}\n", 2),
        (f"{LEAD}\n\n- **Rate.** {BAD}\n- {MORE}\n", f"{LEAD}\n\n- {MORE}\n", 2),
        (f"{LEAD}\n\n## Rates\n\n{BAD}\n\n## More\n\n{MORE}\n", f"{LEAD}\n\n## More\n\n{MORE}\n", 2),
        (f"{LEAD}\n\n## Rate of 0.5\n\n{MORE}\n", f"{LEAD}\n\n{MORE}\n", 2),  # the heading lies
        (f"{LEAD} {BAD} It is small. {G3}\n\n{MORE}\n", f"{LEAD}\n\n{MORE}\n", 2),  # "it" lost its noun
        (f"{BAD} It is small. {G3}\n\nIt is used. {G3}\n\n{MORE} {LEAD}\n", None, 0),  # less than half is left
        (f"{BAD}\n\nIt is used. {G3}\n\n{MORE} {LEAD}\n", f"{MORE} {LEAD}\n", 2),  # no page begins with "it"
        (f"{LEAD}\n\n{CONTRADICTION.replace('35', '53')}\n{MORE}\n", f"{LEAD}\n\n{MORE}\n", 2),
        (f"{LEAD} {MORE}\n\n```\ncode\n```\n", f"{LEAD} {MORE}\n", 2),
        (f"---\ntags: x\n---\n{LEAD} {MORE}\n", f"{LEAD} {MORE}\n", 2),
        (f"{LEAD} {MORE}\n\n<script>alert(1)</script>\n", f"{LEAD} {MORE}\n", 2),
        (f"{LEAD} {MORE}\n\n![x](https://evil.example/x.png)\n", f"{LEAD} {MORE}\n", 2),
        (f"{LEAD} {MORE} It is [here](https://evil.example). {G3}\n", f"{LEAD} {MORE}\n", 2),
        (f"{LEAD} {MORE} [[Nowhere]] is better. {G3}\n", f"{LEAD} {MORE}\n", 2),
        (f"{LEAD}\n\n| | Muon |\n|---|---|\n| A | 0.5 {U3} |\n| B | 0.02 {U3} |\n",
         f"{LEAD}\n\n| | Muon |\n|---|---|\n| B | 0.02 {U3} |\n", 2),
        (f"{LEAD} {MORE}\n\n| | Muon |\n|---|---|\n| A | 0.5 {U3} |\n", f"{LEAD} {MORE}\n", 2),  # no row is left
        (f"{BAD} {BAD} {LEAD}", None, 0),  # less than half
        (BAD, None, 0),
    ],
    ids=range(20),
)  # fmt: skip
def test_what_is_good_of_a_page_is_kept(body: str, kept: str | None, worth: int) -> None:
    verified = verify_page(COMPARISON, body)
    assert verified.reasons
    assert (verified.result.body if verified.result else None) == kept
    assert verified.worth == worth
    if verified.result:
        assert verify_page(COMPARISON, verified.result.body).accepted


def test_a_person_sees_what_the_row_of_a_cell_cites() -> None:
    table = f"| | Muon |\n|---|---|\n| Rate | 0.02 {U3} |\n"
    key = ("Muon, explained", "c3333333333")
    assert page_sentences(table, language="en") == (("Rate", (key,)), ("0.02", (key,)))
