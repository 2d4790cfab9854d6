"""Identifiers: names with digits (GPT-2, Llama 3.1, Figure 2, [12], v1.2.3), which are no quantities."""

import re

from nightdesk.wiki.proof.stems import word_set

_LETTER = r"A-Za-zÀ-ɏͰ-ϿЀ-ӿ"
_REFERENCE = (
    r"(?:figures?|figs?\.?|tables?|tab\.|sections?|secs?\.|eqs?\.|eqn\.|equations?|chapters?|ch\.|appendix"
    r"|algorithm|theorem|lemma"
    r"|definition|corollary|pp?\.|pages?|nos?\.|rfc|iso|pep|issues?|pr|vol\.|volume|versions?|v\.|§§?|lines?"
    r"|abbildung|abb\.|tabelle"
    r"|kapitel|abschnitt|seite|s\.|chapitre|tableau|capítulo|tabla|figura|sección)"
)
# Where something that is no mere letter within a word begins: most places need no look.
BEGINS = r"(?:(?<!\w)|(?=[^a-zA-Z\s]))"
# No named groups; ignoring case. In order: addresses, references, citations, versions, clock times, tokens of letters
# and digits.
IDENTIFIER = "|".join(
    [
        rf"(?<![\w-])[{_LETTER}]\w{{0,5}}(?:\^\{{?-?\d+\}}?|[⁰¹²³⁴-⁹]+(?!\w))",  # n^2, n²: formulas, not counts
        r"https?://[^\s<>\"]+",
        rf"(?<![\w-]){_REFERENCE}\s?[#(]?\d+(?:[.:]\d+)*[a-z]?(?!\w|%)\)?",
        r"\[\^?\d{1,4}(?:\s?[,;–-]\s?\d{1,4})*\]",
        rf"(?<![\w-])[{_LETTER}][\w.]*(?:\(\d{{1,2}}\)|\[\d+\])|^\(\d{{1,2}}\)|(?<=[,;:.] )\(\d{{1,2}}\)|#\d+",
        r"(?<![\w.])(?!\d{1,3}(?:\.\d{3})+(?![\d.]*\d))v?\d+\.\d+\.\d[\w.-]*\w|(?<![\w.])v?\d+\.\d+\.\d(?!\w)"
        r"|(?<!\w)v\d+(?:\.\d+)*(?!\w)",
        r"(?<!\w)0x[0-9a-f]+(?!\w)|(?<![\w.:])\d{1,2}:\d\d(?::\d\d)?(?![\w:])",
        rf"(?<![\w-])(?!(?:mid|pre|post|early|late|sub|over|under|circa|non)-\d)"
        rf"[{_LETTER}](?:[{_LETTER}_]|[-._+](?=[{_LETTER}\d]))*\d(?:[{_LETTER}\d_]|[-._+](?=[{_LETTER}\d]))*",
    ]
)
# Capitalised words that stand before a plain number without making a name of it.
_PLAIN = word_set(
    "a about above after all also an and around at because before below between both but by each every for"
    " from given if in into it its just like nearly near no of on only or over per roughly some than that the"
    " their then there these they this those to under until up used uses using was we were when where which"
    " while with within top first last der die das ein eine im mit von bei nach für über unter nur etwa le la"
    " les un une des en avec dans el los las con por il lo gli di da o os as em com de het een met van"
)
_CAPITALISED = re.compile(r"(?:^|[^\w])([A-ZÀ-Þ](?:[\w+#-]|\.(?=\w))*)[ \u00a0]$")


def is_name_before(text: str, start: int, end: int, unit: str | None) -> bool:
    """Say whether the number at text[start:end] belongs to the capitalised word before it: Llama 3.1, Python 3.11."""
    found = _CAPITALISED.search(text[max(0, start - 40) : start])
    if unit or not found or found[1].lower() in _PLAIN or not re.fullmatch(r"\d{1,3}(?:\.\d{1,3})?", text[start:end]):
        return False
    word = start - len(found[1]) - 1
    first = word == 0 or text[max(0, word - 4) : word].rstrip()[-1:] in ".!?"
    # "Training 5 models takes" opens a sentence with a plain word; "Llama 3 was" and "Python 3.11 adds" with a name.
    counts = re.match(r"\s+(?:[a-z-]+\s+){0,1}[a-z]+s\b(?<!\bis)(?<!\bwas)(?<!\bhas)(?<!\bdoes)", text[end : end + 60])
    return not (first and counts and "." not in text[start:end])
