"""Whether an English sentence is a statement with a subject of its own: no command, no fragment, no pointer back."""

import re
from functools import cache

from nightdesk.wiki.prose.wording import listed, phrases, words_of
from nightdesk.wiki.terms.lexicon import BE, DETERMINER, MODAL, NOUN, PREPOSITION, PRONOUN, VERB, english_flags

_PRONOUN = r"(?:it|they|this|these|that|those|he|she)"
_LEANS_AT_START = re.compile(  # after an introduction, the main clause has a subject that nothing explains
    rf"(?:For|In|On|At|By|With|Under|From|As|After|Before) [^,]{{1,80}}, {_PRONOUN}\b"
    r"|(?:For|In|On|With) [^,]{1,60} (?:it|they) (?:is|are|must|can|will|was|were|has|have|should|may)\b"
    r"|(?:Because|If|When|Since|As|While|Although|Though|Once|After|Before) [^,]{1,120}, (?:this|these|those) \w"
    rf"|To \w+ (?:them|{_PRONOUN})\b|The [a-z]+ also\b|Both (?!.{{0,40}} and )"
    r"|(?:Below|Above|Following) (?:is|are)\b"
    r"|The (?:[\w-]+ )?(?:plot|figure|table|graph|chart|diagram|column|image)s?"
    r" (?:show|illustrate|list|compare|summari|display|give|present|depict)"
)
_LEANS = re.compile(
    r"\b(?:(?:is|are|was|were) even \w+|instead|too|either|as well|though|likewise)\.$|\b(?:above|below)[.,;:)]"
    r"|\b(?:plot|figure|graph|table|example|result|code|list|output)s? (?:above|below)\b"
    r"|\bon the (?:left|right)\b|\b(?:this|these|those)[,.;:)]|\bsee (?:[A-Z\"“`]|\w+\()"
)
_SUBJECTLESS = re.compile(  # lines of a change log
    r"(?:Added|Fixed|Removed|Changed|Updated|Deprecated|Renamed|Moved|Improved|Replaced|Dropped|Introduced|Based|Defaults?)"
    r"\b(?! by)"
)
_FRAGMENT = re.compile(  # "Tuples, if they hold only such types."
    r"((?:[\w'’-]+ ?){1,4}), (?:if|when|where|which|because|whose|that|so that|as long as)\b[^,]*\.$"
)
_PARTICIPLE_OPENS = re.compile(  # "Emitted when the server sends a reply."
    r"[A-Z][a-z]+ed (?:\w+ly )?(?:when|if|by|to|for|in|on|with|as|before|after|from|at|upon)\b[^,]*$"
)
_LABEL = re.compile(r"\S+(?: \S+)? ?(?:[—–-] |: )")  # "PATH — Indicates where", "limit: Sets the most"
_INTRODUCES = frozenset({"to", "using", "if", "when", "for", "once", "after", "before"})
_RELATIVES = frozenset({"that", "which", "who", "whose", "where", "when", "if", "because", "while"})


def points_back(words: list[str], at: int) -> bool:
    """Return whether a word near the start leans on an earlier sentence: "then", "this" before a noun not named yet."""
    if words[at] in {"then", "thus", "therefore", "hence", "instead", "again"}:
        return at < 3 or (at < 7 and words[0] in {"the", "a", "an"})
    if words[at] == "such":
        return words[at + 1] != "as"
    if words[at] not in {"this", "these", "those"}:
        return False
    noun = words[at + 1].rstrip("s")
    return not any(word.rstrip("s") == noun for word in words[:at])


def leans(text: str) -> bool:
    """Return whether an English sentence has a subject, or an end, that only its neighbours explain."""
    return bool(_LEANS_AT_START.match(text) or _LEANS.search(text))


def is_command(text: str, words: list[str]) -> bool:
    """Return whether an English sentence tells the reader what to do, or has no subject: "Returns the list"."""
    rest = words[phrases("connectors", "en").opens(text, words) :]
    if len(rest) < 2 or _SUBJECTLESS.match(text) or _PARTICIPLE_OPENS.match(text):
        return True
    fragment = _FRAGMENT.match(text)
    if fragment and not has_finite_verb(["", *words_of(fragment[1])]):
        return True
    main_clause = words_of(text.split(",", 1)[1]) if rest[0] in _INTRODUCES and "," in text else []
    if _is_order(main_clause, after_purpose=rest[0] in {"to", "using"}):
        return True
    label = _LABEL.match(text)
    if label:
        said = words_of(text[label.end() :])
        return len(said) < 2 or not has_finite_verb(said) or is_command("", said)
    first_word = text.split(" ", 1)[0]
    return not first_word.endswith(",") and _opens_with_verb(rest)  # "Copy, Clone and Sized bounds are"


def _opens_with_verb(words: list[str]) -> bool:
    """Return whether a sentence opens with a verb: an order, or a description without a subject."""
    first, second = words[0], english_flags(words[1])
    flags, base = english_flags(first), english_flags(first[:-1])
    if phrases("commands", "en").opens("", words):  # "Use of", "Run is", "Search finds" open with a noun
        return words[1] != "of" and not second & (BE | MODAL) and not (second & VERB and words[1].endswith("s"))
    if first.endswith("ly"):  # "Synchronously changes the owner"
        return words[1].endswith("s") and bool(second & VERB)
    if not first.endswith("s"):
        bare = flags & VERB and not flags & NOUN and not first.endswith(("ing", "ed"))
        return bool(bare and second & (DETERMINER | PRONOUN))
    if base & (VERB | NOUN) == VERB and not second & (BE | MODAL):  # "Creates tables for"
        return True
    if phrases("commands", "en").opens("", [first[:-1]]):  # "Returns true if"; but "Tests of", "Runs that"
        return not second & (BE | MODAL | VERB | PREPOSITION) and words[1] not in {*_RELATIVES, "and", "or"}
    return bool(base & VERB and second & DETERMINER) and words[1] != "that"  # "Lists the files"


def _is_order(words: list[str], *, after_purpose: bool) -> bool:
    """Return whether the clause after an introduction is an order: "To list files, run ls", "If so, check the log"."""
    if len(words) < 2:
        return False
    if after_purpose and words[0] in {"you", "we", "simply", "just", "first"}:
        return True
    if words[0] in {"just", "simply", "then"}:
        words = words[1:]
    if len(words) < 2 or not phrases("commands", "en").opens("", words):
        return False
    return after_purpose or bool(english_flags(words[1]) & (DETERMINER | PRONOUN))


def has_finite_verb(words: list[str]) -> bool:
    """Return whether an English sentence shows evidence of a verb that has a subject, outside of relative clauses."""
    in_relative, was_verb = False, False
    for before, word, after in zip(words, words[1:], [*words[2:], ""], strict=False):
        is_verb = _is_finite(before, word, after)
        if word in _RELATIVES and not was_verb:  # "objects that will be linted" has no main verb; "shows that" has
            in_relative, was_verb = True, False
        elif in_relative:  # the first group of verbs is the clause's own
            flags = english_flags(word)
            is_part = bool(flags & (BE | MODAL)) or (flags & VERB and not flags & NOUN) or word.endswith(("ed", "ly"))
            if was_verb and not is_part:
                in_relative = False
            was_verb = was_verb or is_verb
        elif is_verb:
            return True
    return False


def _is_finite(before: str, word: str, after: str) -> bool:
    """Return whether a word is likely a finite verb, given its neighbours."""
    flags, earlier = english_flags(word), english_flags(before)
    if flags & (BE | MODAL):
        return before != "to" and word not in {"be", "been", "being", "having", "never", "always", "let", "please"}
    if before == "to" or word.endswith("ing") or word in listed("verbs", "participles"):
        return False
    modifies = bool(earlier & (DETERMINER | PREPOSITION))  # "of types", "the used cars"
    if word.endswith("ed") and len(word) > 4:
        return not modifies and not before.endswith("ly") and (after != "by" or word in listed("verbs", "changes"))
    if before in {"and", "or"} and not word.endswith("s"):  # "to find and remove"
        return False
    if before in {"never", "always", "also", "only", "often", "still", "longer"} and flags & VERB:
        return True
    if modifies:
        return False
    if word.endswith("s") and english_flags(after) & DETERMINER and after not in {"that", "both"}:
        return True  # "the emitter calls the listeners", whatever the word list says of "calls"
    if word in _finite_verbs():
        return word.endswith("s") or not flags & NOUN or before.endswith("s") or bool(earlier & PRONOUN)
    if not flags & VERB:
        return False
    return not flags & NOUN or word.endswith("s") or before.endswith("s")  # "an array stores", "arrays store"


@cache
def _finite_verbs() -> frozenset[str]:
    """Return English finite verbs that the word lists do not class as such."""
    return frozenset(listed("verbs", "en"))
