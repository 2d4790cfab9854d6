"""All that one source says about terms, kept as JSON beside its text's hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.terms.acronyms import SameTerm, acronyms, other_names
from nightdesk.wiki.terms.glossary import Definition, definitions
from nightdesk.wiki.terms.phrases import SourcePhrases, survey_phrases, title_keys


@dataclass(frozen=True, slots=True)
class SourceTerms:
    """All that one source says about terms; a function of its text and title only, so that it can be cached."""

    language: str
    title: str
    title_keys: tuple[str, ...]
    phrases: SourcePhrases
    definitions: tuple[Definition, ...]
    same: tuple[SameTerm, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the record as values that JSON can hold."""
        return {
            "language": self.language,
            "title": self.title,
            "title_keys": list(self.title_keys),
            "phrases": self.phrases.to_json(),
            "definitions": [[d.key, d.sentence, d.strength, d.kind] for d in self.definitions],
            "same": [[s.short, s.long, s.short_form, s.long_form, s.sentence, s.acronym] for s in self.same],
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "SourceTerms":
        """Return the record that `to_json` wrote. Raises KeyError, TypeError or ValueError for any other."""
        return cls(
            language=str(record["language"]),
            title=str(record["title"]),
            title_keys=tuple(record["title_keys"]),
            phrases=SourcePhrases.from_json(record["phrases"]),
            definitions=tuple(Definition(*entry) for entry in record["definitions"]),
            same=tuple(SameTerm(*entry) for entry in record["same"]),
        )


def survey_terms(sentences: Sequence[Sentence], *, language: str, title: str) -> SourceTerms:
    """Return what one source says about terms: candidates, definitions, acronyms and other names."""
    return SourceTerms(
        language=language,
        title=title,
        title_keys=title_keys(title, language=language),
        phrases=survey_phrases(sentences, language=language),
        definitions=definitions(sentences, language=language),
        same=acronyms(sentences, language=language) + other_names(sentences, language=language),
    )
