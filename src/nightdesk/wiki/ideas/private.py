"""What must not stand in a text that goes to others: places, names, addresses, keys of the person who sends it."""

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from nightdesk.wiki.proof.stems import word_set

# As names of users and machines they tell nothing.
_NAMELESS = word_set(
    "root user users home admin ubuntu debian runner localhost work me pi vagrant nobody test guest host name desk "
    "python linux default nightdesk"
)
# Stems of files that every other project has.
_COMMON_FILES = word_set(
    "readme license changelog index main notes note data paper book train prepare program demo test tests setup app "
    "config agents build report results"
)
_MIN_NAME = 3

# A path that begins at the root and has two parts: "/v1/users" and "/api/x" are addresses of a service.
_PATH = re.compile(
    r"(?<![\w<>/.:*~$%})\]\\-])/(?!v\d+/|api/|\*|/)[\w.@+-]{1,100}(?:/[\w.@+-]{1,100}){1,20}/?", re.IGNORECASE
)
_HOMES = re.compile(
    r"(?<![\w])(?:~[\w-]{0,32}/[\w.-]+|\$\{?HOME\}?|%(?:USERPROFILE|HOMEPATH|APPDATA|LOCALAPPDATA)%|file:/{2,3}\S+"
    r"|/(?:home|Users|root)\b(?=[\s`'\")\],.;:]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_WINDOWS = re.compile(r"(?<![\w/])[A-Za-z]:(?:\\+|/)(?![/\s])[^\s\"'`<>|]{1,200}|(?<![\w\\])\\\\[\w.-]{2,60}\\[\w.$-]+")
_SYSTEM = re.compile(r"/(?:usr/)?bin/(?:env|sh|bash|python3?)/?|/dev/(?:null|stdin|stdout|stderr|zero|u?random)/?")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})\b")
_NO_MAIL = re.compile(r"(?:^|\.)(?:example(?:\.(?:org|com|net|edu))?|test|invalid)$")
_KEYS = re.compile(
    r"\b(?:sk-(?:ant-|proj-|or-|svcacct-)?[A-Za-z0-9_-]{20,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|AIza[0-9A-Za-z_-]{30,}|ya29\.[\w-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{30,}"
    r"|pypi-[A-Za-z0-9_-]{16,}|dop_v1_[0-9a-f]{32,}|SG\.[\w-]{16,}\.[\w-]{16,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}"
    r"|gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}|\d{8,10}:AA[\w-]{30,})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY"
)
_SECRET = re.compile(
    r"(?:api[_ -]?key|access[_ -]?key|secret|token|passw(?:or)?d|passphrase|credentials?|authorization|bearer)"
    r"[\"'`]?[ \t]*(?:[:=]|is\b|\bbearer\b)?[ \t]*(?:bearer[ \t]+)?[\"'`]?([^\s\"'`,;<>(){}\[\]]{8,200})",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:]{1,100}:[^\s/@]{1,200}@", re.IGNORECASE)
_LONG = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{32,512}={0,2}(?![\w+/=-])")
_IPV4 = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w:])", re.IGNORECASE)
_HOST = r"[a-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,6}"
_LOCAL = re.compile(
    rf"\blocalhost:\d{{1,5}}\b|//localhost\b|//{_HOST}\.(?:local|lan|internal|intranet|corp|home|private|onion)\b"
    rf"|(?<![\w@.-]){_HOST}\.(?:local|localdomain|lan|home\.arpa)\b(?![\w(])",
    re.IGNORECASE,
)
_ID = re.compile(r"\^[ct][0-9a-f]{8,}\b")
_DESK = re.compile(r"(?<![\w/.-])(?:(?:wiki|raw|text|ideas)/[^\s`'\")\]]{1,100}\.\w{1,5}|\.nightdesk\b)")
_ENOUGH_BITS = 3.0  # of a character: words of a language have less, random letters and digits more


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the sender, as the view found it."""

    names: tuple[str, ...] = ()  # of the user, the machine, the home folder, of git's identity
    files: tuple[str, ...] = ()  # of raw/ that have no public address: base names


@dataclass(frozen=True, slots=True)
class Leak:
    """Something private: `kind`, the words, and where they begin."""

    kind: str  # "path", "name", "mail", "key", "address", "file", "desk"
    words: str
    start: int


class Private:
    """Finds what is private; made once for many texts."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def leaks(self, text: str) -> Iterator[Leak]:
        """Yield what is private in `text`, by kinds; time grows with its length."""
        yield from _places(text)
        yield from self._names(text)
        yield from _addresses(text)
        yield from _secrets(text)
        folded = text.casefold()
        for name in self._files:
            at = folded.find(name)
            if at >= 0 and len(folded) == len(text):
                yield Leak("file", text[at : at + len(name)], at)
            elif at >= 0:
                yield Leak("file", name, 0)
        for pattern in (_ID, _DESK):
            yield from (Leak("desk", found[0], found.start()) for found in pattern.finditer(text))

    def _names(self, text: str) -> Iterator[Leak]:
        pattern = self._name_pattern
        if pattern is not None:
            yield from (Leak("name", found[0], found.start()) for found in pattern.finditer(text))

    @cached_property
    def _name_pattern(self) -> re.Pattern[str] | None:
        wanted = {" ".join(name.split()) for name in self._known.names}
        told = sorted(
            (n for n in wanted if len(n) >= _MIN_NAME and n.casefold() not in _NAMELESS), key=len, reverse=True
        )
        joined = "|".join(re.escape(name) for name in told)
        return re.compile(rf"(?<![^\W_])(?:{joined})(?![^\W_])", re.IGNORECASE) if told else None

    @cached_property
    def _files(self) -> tuple[str, ...]:
        names = {name.casefold() for name in self._known.files}
        return tuple(sorted(n for n in names if len(n) > 4 and n.rpartition(".")[0] not in _COMMON_FILES))


def _places(text: str) -> Iterator[Leak]:
    for pattern in (_PATH, _HOMES, _WINDOWS):
        for found in pattern.finditer(text):
            if not _SYSTEM.fullmatch(found[0]):
                yield Leak("path", found[0].rstrip(".,;:"), found.start())


def _addresses(text: str) -> Iterator[Leak]:
    for found in _MAIL.finditer(text):
        if not _NO_MAIL.search(found[1].casefold()) and not found[0].startswith("git@"):
            yield Leak("mail", found[0], found.start())
    for found in (*_IPV4.finditer(text), *_IPV6.finditer(text)):
        if _is_private(found[1]):
            yield Leak("address", found[0], found.start())
    for found in _LOCAL.finditer(text):
        yield Leak("address", found[0], found.start())


def _is_private(words: str) -> bool:
    try:
        address = ipaddress.ip_address(words)
    except ValueError:
        return False
    documentation = address.version == 4 and words.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    unset = words in ("0.0.0.0", "::", "255.255.255.255")  # noqa: S104  # compared, not listened on
    shared = address.version == 4 and address in ipaddress.ip_network("100.64.0.0/10")
    return (address.is_private or address.is_link_local or shared) and not documentation and not unset


def _secrets(text: str) -> Iterator[Leak]:
    for found in (*_KEYS.finditer(text), *_SIGNED.finditer(text)):
        yield Leak("key", _hidden(found[0]), found.start())
    for found in _SECRET.finditer(text):
        if _is_random(found[1], least=8):
            yield Leak("key", _hidden(found[1]), found.start(1))
    for found in _LONG.finditer(text):
        if _is_random(found[0], least=32) and not _is_hash(found[0]) and "/" not in found[0][:-1].strip("/")[:12]:
            yield Leak("key", _hidden(found[0]), found.start())


def _is_hash(word: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in word)  # of a commit or a file: it opens nothing


def _is_random(word: str, *, least: int) -> bool:
    """Return whether a word looks drawn at random: letters and digits mixed, few of them twice."""
    word = word.rstrip(".")
    if len(word) < least or not any(c.isdigit() for c in word) or not any(c.isalpha() for c in word):
        return False
    bits = -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())
    return bits >= min(_ENOUGH_BITS, math.log2(len(word)) - 0.5)


def _hidden(key: str) -> str:
    """Return a key as a finding may show it: reports are kept and passed on too."""
    return f"{key[:6]}… ({len(key)} characters)"
