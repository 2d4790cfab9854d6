"""Sentences of changed pages: those that cite nothing, and those that say something else than the claims they cite."""

from collections.abc import Collection, Iterator, Mapping

from nightdesk.wiki.lint.claims_kept import DeskPage, KeptClaim, KeptSentence
from nightdesk.wiki.lint.evidence import cut
from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import base_name, key_of
from nightdesk.wiki.overstatement import overstated
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.vault.reading import Vault

_COMPARED = ("number", "unit", "date", "name")  # what a question or a few words in a cell can get wrong


def sentences(vault: Vault, pages: Mapping[str, DeskPage], *, only: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield the sentences of changed pages that cite nothing, or that say something else than the claims they cite.

    Of the pages `only`, where given.
    """
    by_page = {key_of(base_name(p)): {c.id: c for c in page.claims} for p, page in pages.items()}
    names = frozenset(name for path in vault.records for name in (base_name(path), vault.records[path].title) if name)
    for path, page in pages.items():
        for sentence in page.sentences if only is None or path in only else ():
            at = sentence.line, sentence.column
            if not sentence.cited:
                if sentence.kind == "prose":
                    message = f"cites nothing: {cut(sentence.text)!r}"
                    yield found("uncited-sentence", path, message, at=at)
                continue
            cited = [by_page.get(key_of(name), {}).get(identity) for name, identity in sentence.cited]
            evidence = [claim for claim in cited if claim]
            if len(evidence) == len(cited):
                for detail in _against(sentence, evidence, names, page.language):
                    yield found("unsupported", path, f"{detail}, in {cut(sentence.text)!r}", at=at)


def _against(sentence: KeptSentence, evidence: list[KeptClaim], names: frozenset[str], language: str) -> list[str]:
    pairs = [(claim.statement, claim.quote) for claim in evidence]
    texts = [text for pair in pairs for text in pair]
    reasons = unsupported(sentence.text, texts, known_names=names, language=language)
    if sentence.kind != "prose":
        return [reason.detail for reason in reasons if reason.kind in _COMPARED]
    return [reason.detail for reason in reasons] or list(overstated(sentence.text, pairs, language=language))
