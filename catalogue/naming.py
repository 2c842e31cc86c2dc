"""Finding the authority that a published route means by a printed name (rules: authority_names.yaml)."""

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from catalogue.decoding import place_line, read_struct
from catalogue.faults import Fault, InvalidCatalogue
from domain.authority import Authority, AuthorityKind, Level
from domain.binding import COMMUNE, is_symbolic
from domain.ids import AuthorityId

DESK = "desk"
HOLDER = "holder"
APPLICANT = "applicant"
UNKNOWN = "unknown"
SPECIAL = frozenset({DESK, HOLDER, APPLICANT, UNKNOWN})
SHORTEST_NAME_WITHIN = 7
"""Letters of an authority's name from which on it is looked for within a longer printed name."""

_SEVERAL = re.compile(r"\s*(?:[/;]|, (?=(?:cong an|ubnd|uy ban|so|bo|cuc|ban quan ly)\b))")


class NameRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule: a pattern and, by printed level, what it means."""

    match: str
    any: str = UNKNOWN
    commune: str = ""
    province: str = ""
    central: str = ""
    sector: str = ""

    def meaning(self, level: str) -> str:
        """What the rule names at a printed level."""
        by_level = {"commune": self.commune, "province": self.province, "central": self.central, "sector": self.sector}
        return by_level.get(level) or self.any


class NameRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of rules."""

    rules: tuple[NameRule, ...]


class Meaning(msgspec.Struct, frozen=True):
    """What a printed name means: an authority's id or one of SPECIAL; ``note`` where it was not plain."""

    means: str
    note: str = ""


class Names:
    """The rules over one catalogue's authorities."""

    def __init__(self, rules: NameRules, authorities: Mapping[AuthorityId, Authority]) -> None:
        self._rules = [(re.compile(rule.match), rule) for rule in rules.rules]
        self._authorities = authorities

    def meaning(self, printed: str, level: str) -> Meaning:
        """What a printed name means at a level; UNKNOWN where neither a rule nor an authority's name tells."""
        folded = fold(printed)
        if exact := self._by_name.get(folded):
            return Meaning(exact)
        for pattern, rule in self._rules:
            if found := pattern.match(folded):
                return Meaning(self._known(rule.meaning(level)), _several(folded, found.end(), printed))
        return self._within(folded, printed)

    def desk(self, authority: AuthorityId) -> AuthorityId:
        """The one-stop desk of an authority or of what it belongs to; the authority itself where there is none."""
        if is_symbolic(authority):
            return AuthorityId(f"{COMMUNE}.one_stop")
        above = (known.id for known in self._line(authority))
        return next((self._desks[known] for known in above if known in self._desks), authority)

    def kind(self, authority: AuthorityId) -> AuthorityKind:
        """The kind of an authority; of the symbolic ones ``commune.one_stop`` is a desk, other units report upwards."""
        known = self._authorities.get(authority)
        if known is not None:
            return known.kind
        unit = authority.partition(".")[2]
        if not unit:
            return AuthorityKind.PEOPLE_COMMITTEE
        return AuthorityKind.ONE_STOP if unit == "one_stop" else AuthorityKind.SECTOR

    def level(self, authority: AuthorityId) -> Level:
        """The level of an authority; symbolic ones are a commune's."""
        known = self._authorities.get(authority)
        return known.level if known is not None else Level.COMMUNE

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {fold(known.name): known.id for known in self._authorities.values() if known.name}

    @cached_property
    def _desks(self) -> dict[AuthorityId, AuthorityId]:
        """For each authority the desk that belongs to it: a one-stop authority of its own level somewhere below it."""
        desks = [known for known in self._authorities.values() if known.kind is AuthorityKind.ONE_STOP]
        return {
            above.id: desk.id for desk in reversed(desks) for above in self._line(desk.id) if above.level is desk.level
        }

    def _line(self, authority: AuthorityId) -> Iterator[Authority]:
        """An authority and those above it, nearest first."""
        seen: set[AuthorityId] = set()
        current = self._authorities.get(authority)
        while current is not None and current.id not in seen:
            seen.add(current.id)
            yield current
            current = self._authorities.get(current.parent) if current.parent is not None else None

    def _known(self, means: str) -> str:
        """A rule may name an authority that this catalogue lacks."""
        known = means in SPECIAL or is_symbolic(AuthorityId(means)) or means in self._authorities
        return means if known else UNKNOWN

    def _within(self, folded: str, printed: str) -> Meaning:
        inside = [name for name in self._by_name if len(name) >= SHORTEST_NAME_WITHIN and name in folded]
        if not inside:
            return Meaning(UNKNOWN)
        name = max(inside, key=len)
        if folded.startswith(name):
            return Meaning(self._by_name[name])
        return Meaning(self._by_name[name], f'"{printed}" is worked by {self._by_name[name]}, which it names')


def fold(text: str) -> str:
    """Lower case, no accents, ``va`` for ``&``, one space between words."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d").replace("&", " va "))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    dashes = re.sub(r"[\u2010-\u2015]", "-", letters.lower())
    return " ".join(dashes.split()).strip(" .,;:-")


def slug(text: str, longest: int = 60) -> str:
    """A file or folder name made of a text: ASCII letters and digits joined by ``-``, ``other`` where it has none."""
    words = re.findall(r"[a-z0-9]+", fold(text))
    return "-".join(words)[:longest].rstrip("-") or "other"


def load_names(path: Path, authorities: Mapping[AuthorityId, Authority]) -> Names:
    """The rules of a file; raises InvalidCatalogue with every fault that keeps them from being used."""
    rules = read_struct(path, str(path), NameRules)
    if isinstance(rules, list):
        raise InvalidCatalogue(path.parent, rules)
    faults = list(_pattern_faults(rules, path))
    if faults:
        raise InvalidCatalogue(path.parent, faults)
    return Names(rules, authorities)


def check_names(path: Path, authorities: Container[AuthorityId]) -> list[Fault]:
    """Every fault of a file of rules: also rules that name an authority which there is not."""
    rules = read_struct(path, str(path), NameRules)
    if isinstance(rules, list):
        return rules
    return [*_pattern_faults(rules, path), *_target_faults(rules, path, authorities)]


def _pattern_faults(rules: NameRules, path: Path) -> Iterator[Fault]:
    for number, rule in enumerate(rules.rules):
        try:
            re.compile(rule.match)
        except re.error as error:
            message = f'"{rule.match}" is no regular expression: {error}'
            yield Fault(str(path), place_line(path, ("rules", number, "match")), "invalid_value", message)


def _target_faults(rules: NameRules, path: Path, authorities: Container[AuthorityId]) -> Iterator[Fault]:
    for number, rule in enumerate(rules.rules):
        for level in ("any", "commune", "province", "central", "sector"):
            means = getattr(rule, level)
            if means and means not in SPECIAL and not is_symbolic(means) and means not in authorities:
                message = f'the authority "{means}" is unknown'
                yield Fault(str(path), place_line(path, ("rules", number, level)), "unknown_authority", message)


def unknown_authority(printed: str, level: str) -> str:
    """Say that nobody is known under a printed name, and what to do."""
    where = f"level {level}" if level else "no level printed"
    return (
        f'the authority "{printed}" ({where}) is unknown; add it to authorities.yaml or a rule to authority_names.yaml'
    )


def _several(folded: str, end: int, printed: str) -> str:
    rest = folded[end:]
    return f'"{printed}" names several authorities; the first one works the step' if _SEVERAL.search(rest) else ""
