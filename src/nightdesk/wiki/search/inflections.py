"""Other endings of an English word: the index holds words as they stand, a query asks for their kin."""

import re

_VOWEL = re.compile(r"[aeiouy]")
_SPELLING = re.compile(r"(?<=..)i([sz])(e[drs]?|ers|ing|ations?)$")
_HISSING = ("s", "x", "z", "ch", "sh")
_ALONE = frozenset(
    [
        "news",
        "lens",
        "evening",
        "does",
        "the",
        "this",
        "thus",
        "its",
        "has",
        "was",
        "his",
        "yes",
        "gas",
        "bus",
        "plus",
        "during",
        "bias",
    ]
)
_MIN = 3  # letters of a word that has endings


def inflections(word: str) -> tuple[str, ...]:
    """Return forms that an English `word` (lower case) may also have, without itself, sorted; many are no words.

    Plurals, verb endings, British and American spelling; never another part of speech: "optimiser" is not "optimal".
    """
    if len(word) < _MIN or not (word.isascii() and word.isalpha()) or word in _ALONE:
        return ()
    bases = {base for base in _bases(word) if len(base) >= _MIN and _VOWEL.search(base)} | {word}
    found = {form for base in bases for form in _forms(base)} | bases
    for form in tuple(found):
        if other := _SPELLING.search(form):
            letter = "z" if other[1] == "s" else "s"
            found.add(f"{form[: other.start()]}i{letter}{other[2]}")
    return tuple(sorted(found - {word} - _ALONE))


def _bases(word: str) -> set[str]:
    """Return what `word` may be a form of."""
    bases: set[str] = set()
    if word.endswith("ies"):
        bases |= {f"{word[:-3]}y", word[:-1]}
    elif word.endswith("ices"):
        bases |= {f"{word[:-4]}ix", f"{word[:-4]}ex", word[:-1]}
    elif word.endswith("yses"):
        bases |= {f"{word[:-2]}is", word[:-1]}
    elif word.endswith("es"):
        bases |= {word[:-1], word[:-2]} if word[:-2].endswith((*_HISSING, "o")) else {word[:-1]}
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        bases.add(word[:-1])
    elif word.endswith("ied"):
        bases.add(f"{word[:-3]}y")
    elif word.endswith("ed") and not word.endswith("eed"):
        bases |= _verb(word[:-2])
    elif word.endswith("ing"):
        bases |= _verb(word[:-3])
    return bases


def _verb(rest: str) -> set[str]:
    """Return the verbs that lose an e or double a letter before "ed" and "ing"."""
    if not _VOWEL.search(rest):
        return set()  # string, thing
    if len(rest) > 2 and rest[-1] == rest[-2] and rest[-1] not in "aeiou":
        return {rest, rest[:-1]}
    return {rest, f"{rest}e"}


def _forms(base: str) -> set[str]:
    if base.endswith("y") and base[-2] not in "aeiou":
        return {f"{base[:-1]}ies", f"{base[:-1]}ied", f"{base}ing"}
    if base.endswith("e"):
        return {f"{base}s", f"{base}d", f"{base[:-1]}ing"}
    if base.endswith(("ix", "ex")):
        return {f"{base[:-2]}ices", f"{base}es", f"{base}ed", f"{base}ing"}
    if base.endswith("ysis"):
        return {f"{base[:-2]}es"}
    forms = {f"{base}es" if base.endswith(_HISSING) else f"{base}s", f"{base}ed", f"{base}ing"}
    if base.endswith("o"):
        forms.add(f"{base}es")
    if re.search(r"[^aeiou][aeiou][bdglmnprt]$", base):
        forms |= {f"{base}{base[-1]}ed", f"{base}{base[-1]}ing"}
    return forms
