"""What the decisions about names make of the concepts, sources and claims that a compile found."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.names.rules import PATH, Called, Decisions, Rule
from nightdesk.wiki.naming import RESERVED, name_pages
from nightdesk.wiki.plans import ClaimMark
from nightdesk.wiki.terms.categories import GENERAL
from nightdesk.wiki.terms.vocabulary import Concept, Vocabulary

MAX_ALIASES = 12  # of a concept whose names were decided: those that were decided come first


@dataclass(frozen=True, slots=True)
class Decided:
    """How a compile calls things after all decisions, and what these were without them."""

    decisions: Decisions = field(default_factory=Decisions)
    problems: tuple[str, ...] = ()
    first: Mapping[str, str] = field(default_factory=dict)  # page name -> the name that it has without decisions
    former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # page name -> names that its page may have had
    moves: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # claim id -> {page: page it goes to}
    chosen: frozenset[str] = frozenset()  # pages that a person wants, from one claim on

    def moves_any(self, claims: Iterable[ClaimMark]) -> bool:
        """Say whether one of the claims was moved to another page."""
        return bool(self.moves) and any(claim.id in self.moves for claim in claims)

    @property
    def renamed(self) -> dict[str, str]:
        """The name key of a name that a page had -> the page's name."""
        return {name_key(old): name for name, names in self.former.items() for old in names}

    def names_of(self, identity: str, names: Sequence[str]) -> tuple[str, ...]:
        """Return the pages that a claim speaks of, given those that it speaks of without decisions."""
        move = self.moves.get(identity)
        return tuple(dict.fromkeys(move.get(name, name) for name in names)) if move else tuple(names)


def usable(decisions: Decisions, foreign: Iterable[str]) -> Decisions:
    """Leave out the decisions that give a page the name of one that a person made."""
    taken = {name_key(name) for name in foreign}
    good: list[Rule] = []
    problems = list(decisions.problems)
    for rule in decisions.rules:
        if name_key(safe_name(rule.title)) in taken:
            problems.append(f'{PATH}, line {rule.line}: a page of yours is called "{rule.title}"; it is passed over')
        else:
            good.append(rule)
    return Decisions(tuple(good), tuple(problems))


def join_concepts(vocabulary: Vocabulary, called: Sequence[Called]) -> tuple[Vocabulary, dict[str, str]]:
    """Return the vocabulary with each decision's concepts as one, and key of a concept -> the title it had before."""
    if not called:
        return vocabulary, {}
    known = _by_name(vocabulary.concepts)
    concepts = {concept.key: concept for concept in vocabulary.concepts}
    into: dict[str, str] = {}
    titles: dict[str, str] = {}
    for rule in called:
        keys = [key for key in dict.fromkeys(known.get(name_key(n), "") for n in rule.names) if key and key not in into]
        if not keys:
            continue
        titles[keys[0]] = concepts[keys[0]].title
        concepts[keys[0]] = _joined(rule, [concepts[key] for key in keys])
        into |= dict.fromkeys(keys, keys[0])
    calling = {name_key(name): rule.title for rule in called for name in rule.names}
    renamed = tuple(
        replace(
            concept,
            aliases=_free_aliases(concept, calling),
            category=_category(concept, calling),
            related=tuple(r for r in dict.fromkeys(into.get(key, key) for key in concept.related) if r != concept.key),
        )
        for concept in concepts.values()
        if into.get(concept.key, concept.key) == concept.key
    )
    return Vocabulary(renamed, {term: into.get(key, key) for term, key in vocabulary.concept_of.items()}), titles


def _by_name(concepts: Sequence[Concept]) -> dict[str, str]:
    """Return name key -> concept key; a title counts before another concept's alias."""
    known = {name_key(alias): concept.key for concept in concepts for alias in concept.aliases}
    return known | {name_key(concept.title): concept.key for concept in concepts}


def _joined(rule: Called, members: Sequence[Concept]) -> Concept:
    names = [*rule.also, *(name for member in members for name in (member.title, *member.aliases))]
    distinct = {name_key(name): name for name in reversed(names)}
    distinct.pop(name_key(rule.title), None)
    aliases = tuple(dict.fromkeys(distinct[name_key(name)] for name in names if name_key(name) in distinct))
    related = tuple(dict.fromkeys(key for member in members for key in member.related))
    return replace(members[0], title=rule.title, aliases=aliases[:MAX_ALIASES], related=related)


def _free_aliases(concept: Concept, calling: Mapping[str, str]) -> tuple[str, ...]:
    """Leave out the aliases that were decided to be names of another concept."""
    return tuple(alias for alias in concept.aliases if calling.get(name_key(alias), concept.title) == concept.title)


def _category(concept: Concept, calling: Mapping[str, str]) -> str:
    return (
        concept.category if concept.category == GENERAL else calling.get(name_key(concept.category), concept.category)
    )


def with_takers(concepts: Sequence[Concept], decisions: Decisions) -> tuple[Concept, ...]:
    """Return the concepts with one more for each page that takes claims and that no concept has yet."""
    calling = decisions.calling
    known = _by_name(concepts)
    found = {concept.key: concept for concept in concepts}
    for rule in decisions.taken:
        title = calling.get(name_key(rule.title), rule.title)
        giver = found.get(known.get(name_key(calling.get(name_key(rule.source), rule.source)), ""))
        if name_key(title) in known or giver is None:
            continue
        key = f"given {name_key(title)}"
        also = next((called.also for called in decisions.called if called.title == title), ())
        found[key] = Concept(key, title, also, giver.language, giver.category, (giver.key,))
        known[name_key(title)] = key
    return tuple(found.values())


def takers(concepts: Sequence[Concept], decisions: Decisions) -> dict[str, int]:
    """Return concept key -> number of claims for the concepts that take claims, and for those they take them from."""
    calling, known = decisions.calling, _by_name(concepts)
    counted: Counter[str] = Counter()
    for rule in decisions.taken:
        for name, number in ((rule.title, len(rule.claims)), (rule.source, 0)):
            key = known.get(name_key(calling.get(name_key(name), name)))
            if key is not None:
                counted[key] += number
    return dict(counted)


def claim_moves(
    concepts: Sequence[Concept], decisions: Decisions, page_of: Mapping[str, str]
) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
    """Return claim id -> {page: page it goes to}, and the pages that give and take; `page_of` goes by concept key."""
    calling, known = decisions.calling, _by_name(concepts)
    by_page = {name_key(name): name for name in page_of.values()}

    def page(name: str) -> str | None:
        key = known.get(name_key(calling.get(name_key(name), name)))
        return page_of.get(key or "") or by_page.get(name_key(name))

    moves: dict[str, dict[str, str]] = {}
    chosen: set[str] = set()
    for rule in decisions.taken:
        source, target = page(rule.source), page(rule.title)
        if source is None or target is None or source == target:
            continue
        chosen |= {source, target}
        for claim in rule.claims:
            moves.setdefault(claim, {})[source] = target
    return moves, frozenset(chosen)


def decide(
    decisions: Decisions,
    concepts: Sequence[Concept],
    page_of: Mapping[str, str],
    *,
    first: Mapping[str, str],
    sources: Mapping[str, tuple[str, str, tuple[str, ...]]],
    taken: Iterable[str],
) -> Decided:
    """Return what a compile must know of the decisions.

    `page_of` gives the page of a concept's key, `first` the title that a concept has without decisions; `sources` gives
    by raw path the name without decisions, the decided one and others, and `taken` the names that no concept may have.
    """
    moves, chosen = claim_moves(concepts, decisions, page_of)
    paged = {key: title for key, title in first.items() if key in page_of}
    natural = name_pages(list(paged.values()), suffix="concept", taken=taken)
    by_title = {rule.title: rule for rule in decisions.called}
    titles = {concept.key: concept.title for concept in concepts if concept.key in paged}
    firsts = {page_of[key]: natural[title] for key, title in paged.items()}
    former = {
        page_of[key]: _others(page_of[key], (natural[title], *map(safe_name, by_title[titles[key]].also)))
        for key, title in paged.items()
    }
    for first_name, name, also in sources.values():
        firsts[name] = first_name
        former[name] = _others(name, (first_name, *map(safe_name, also)))
    return Decided(decisions, decisions.problems, firsts, former, moves, chosen)


def _others(name: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(other for other in dict.fromkeys(names) if other != name)


def name_decided_sources(
    natural: Mapping[str, str], decisions: Decisions
) -> tuple[dict[str, str], dict[str, tuple[str, tuple[str, ...]]], list[str]]:
    """Return raw path -> page name after all decisions, raw path -> (title, other names) where decided, and problems.

    `natural` are the names without decisions; a name that another page has by itself is not given.
    """
    names, given, problems = dict(natural), {}, []
    used = {name_key(name): raw for raw, name in natural.items()}
    for rule in decisions.sources:
        name = safe_name(rule.title)
        holder = used.get(name_key(name))
        if rule.raw not in natural:
            continue  # its file was withdrawn, or is not here yet
        if (holder is not None and holder != rule.raw) or name_key(name) in RESERVED:
            problems.append(f'{PATH}, line {rule.line}: another page is called "{name}"; it is passed over')
            continue
        used.pop(name_key(names[rule.raw]), None)
        used[name_key(name)] = rule.raw
        names[rule.raw] = name
        given[rule.raw] = rule.title, rule.also
    return names, given, problems
