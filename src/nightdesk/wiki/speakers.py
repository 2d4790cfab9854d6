"""Whose words a source gives as its own: in a chat those of people, in mail those of who wrote it."""

import re
from collections.abc import Sequence

from nightdesk.wiki.prose.sentences import Sentence

_MODEL = re.compile(r"\(assistant\)(?:,|$)")  # ends the name in the headings that chats are given


def own_words(sentences: Sequence[Sentence], kind: str) -> Sequence[Sentence]:
    """Return the sentences of a source that extraction may take for what it says.

    What a model answered in a chat is no evidence: it would come back as a fact with a citation. What a mail quotes is
    another's. Both stay in the text, to be searched and to be read by an AI, which sees the headings.
    """
    if kind == "chat":
        return [sentence for sentence in sentences if not (sentence.headings and _MODEL.search(sentence.headings[-1]))]
    if kind == "mail":
        return [sentence for sentence in sentences if sentence.kind != "quote"]
    return sentences
