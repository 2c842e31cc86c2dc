"""Where an authority's dossiers live."""

from domain.authority import Authority, AuthorityKind, Level
from domain.ids import AuthorityId
from domain.places import namespaces

KIND = AuthorityKind.DEPARTMENT


def _authority(name: str, level: Level, parent: str | None = None, namespace: str | None = None) -> Authority:
    above = AuthorityId(parent) if parent else None
    return Authority(AuthorityId(name), level, KIND, parent=above, namespace=namespace)


def _where(*authorities: Authority, **by_level: str) -> dict[AuthorityId, str]:
    levels = {Level(level): name for level, name in by_level.items()}
    return namespaces({one.id: one for one in authorities}, levels, "home")


def test_who_names_none_lives_at_home() -> None:
    """Nothing is said of authorities that live where all do."""
    assert _where(_authority("X", Level.COMMUNE)) == {}
    assert _where(_authority("X", Level.COMMUNE, namespace="home"), commune="other") == {}


def test_a_unit_lives_with_the_authority_above_it() -> None:
    """Unless its own record says otherwise; a circle of records ends somewhere."""
    above = _authority("S", Level.PROVINCE, namespace="province")
    below, own = _authority("S.1", Level.PROVINCE, "S"), _authority("S.2", Level.PROVINCE, "S", "own")
    assert _where(above, below, own) == {"S": "province", "S.1": "province", "S.2": "own"}
    assert _where(_authority("A", Level.PROVINCE, "B"), _authority("B", Level.PROVINCE, "A")) == {}


def test_a_level_may_have_a_namespace() -> None:
    """For those whose records say nothing."""
    known = (_authority("X", Level.COMMUNE, "S"), _authority("S", Level.PROVINCE), _authority("B", Level.CENTRAL))
    assert _where(*known, province="province") == {"S": "province"}
    assert _where(*known, province="province", central="centre") == {"S": "province", "B": "centre"}
