"""A published procedure: its periods, its checklist and its approved internal route.

All of it is data with a source.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from domain.errors import InvalidProcedure
from domain.ids import AuthorityId, ProcedureCode
from domain.period import Period


class StageKind(StrEnum):
    """Kinds of stage, as approved internal routes use them."""

    RECEIVE = "receive"
    ASSIGN = "assign"
    APPRAISE = "appraise"
    CONSULT = "consult"
    APPROVE = "approve"
    ISSUE = "issue"
    TRANSFER = "transfer"
    RETURN = "return"
    OTHER = "other"


class Effect(StrEnum):
    """What a suspension does to a clock."""

    PAUSE = "pause"
    RESTART = "restart"
    RUN_ON = "run_on"


class CutOffEffect(StrEnum):
    """What a start at or after the cut-off time does."""

    NEXT_DAY = "next_day"
    SAME_DAY_RETURN = "same_day_return"


class CountPolicy(StrEnum):
    """How working days are counted: to the closing time of the N-th day, or as hours."""

    DAY_END = "day_end"
    HOURS = "hours"


class LinkKind(StrEnum):
    """Kinds of link between authorities."""

    INTER_LEVEL = "inter_level"
    HORIZONTAL = "horizontal"
    SECTOR = "sector"


class Silence(StrEnum):
    """What it means when a consulted authority does not answer in time."""

    ESCALATE = "escalate"
    CONSENT = "consent"


class SuspensionReason(StrEnum):
    """Why a clock is suspended."""

    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    VERIFICATION = "verification"
    EXPERT_ASSESSMENT = "expert_assessment"
    PUBLIC_POSTING = "public_posting"
    OTHER = "other"


CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class CutOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Local time of day (``HH:MM``) from which a start counts as the next working day's."""

    time: str
    effect: CutOffEffect = CutOffEffect.NEXT_DAY

    def __post_init__(self) -> None:
        """Refuse a time that is not ``HH:MM``."""
        if not CLOCK_TIME.fullmatch(self.time):
            message = f'a cut-off time is written HH:MM, not "{self.time}"'
            raise InvalidProcedure(message, time=self.time)


class Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One paper or file of the checklist."""

    id: str
    required: bool = True
    name: str = ""
    copies: int = 1


class Reminder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A warning this long before a due moment (working hours or working days)."""

    before: Period


class ExtensionPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often form 04 may set a new date, and whether it may come after the due moment."""

    limit: int = 1
    after_due: bool = False


class ChecklistPolicy(StrEnum):
    """What happens to missing or excess components at receipt."""

    REFUSE = "refuse"
    NOTE = "note"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a route: a stage, a link, or a group of links that run at once; exactly one of the three.

    ``budget`` is the stage's own allotted time (none: not timed). ``authority`` is where the stage's task appears
    (none: the route's authority). ``id`` tells two stages of one kind apart. ``title``, ``actor``, ``raw`` (the
    printed time), ``clock``, ``number``, ``level`` and ``agency`` (the authority's printed name) are as published,
    ``flags`` what else is printed.
    """

    stage: StageKind | None = None
    link: "LinkSpec | None" = None
    parallel: "tuple[Step, ...] | None" = None
    budget: Period | None = None
    role: str = ""
    authority: AuthorityId | None = None
    id: str = ""
    title: str = ""
    actor: str = ""
    raw: str = ""
    clock: str = ""
    flags: tuple[str, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    number: str = ""
    level: str = ""
    agency: str = ""

    def __post_init__(self) -> None:
        """Refuse a step that is none or several of stage, link and parallel."""
        given = [name for name in ("stage", "link", "parallel") if getattr(self, name) is not None]
        if len(given) != 1:
            message = (
                f"a route's step is one of stage, link, parallel; this one is {' and '.join(given) or 'none of them'}"
            )
            raise InvalidProcedure(message, given=given)
        if self.parallel is not None and (not self.parallel or any(step.link is None for step in self.parallel)):
            message = "a parallel group holds one or more links and nothing else"
            raise InvalidProcedure(message)

    def links(self) -> "tuple[LinkSpec, ...]":
        """The links that open together at this step (none at a stage)."""
        if self.link is not None:
            return (self.link,)
        return tuple(step.link for step in self.parallel or () if step.link is not None)


class LinkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the route that another authority handles as a stream of its own.

    ``budget`` is the time until its answer is due; ``margin`` how much earlier than that the authority means to answer
    (none: what its own record says).
    """

    id: str
    kind: LinkKind
    to: AuthorityId
    route: tuple[Step, ...]
    budget: Period | None = None
    silence: Silence | None = None
    margin: Period | None = None


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One agency's or level's printed share of the whole period."""

    period: Period
    level: str = ""
    agency: str = ""


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the decision prints beyond what the engine counts by; kept so that nothing of the source is lost.

    ``record`` is the id in the list it was imported from. ``statutory`` and ``committed`` are the printed words,
    ``step_total`` the printed sum of the steps in the period's unit and ``sum_matches_period`` whether it is the
    period; ``counted_total`` is the sum of the counted steps as imported, with its unit: a budget over the period is
    the source's own only while it is that sum. ``appointments`` are the promised dates around the citizen's payment.
    ``other`` holds further keys as JSON text.
    """

    record: str = ""
    code_local: str = ""
    code_inferred: str = ""
    authority: str = ""
    agencies: tuple[str, ...] = ()
    link: str = ""
    statutory: str = ""
    committed: str = ""
    reduction_percent: int | float | None = None
    step_total: int | float | None = None
    sum_matches_period: bool | None = None
    counted_total: str = ""
    hours_per_day: int | float | None = None
    shares: tuple[Share, ...] = ()
    appointments: tuple[Period, ...] = ()
    other: dict[str, str] = {}


class Procedure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A procedure as received under: a dossier pins one version of it.

    ``statutory`` is the law's period, ``committed`` the shortened one (none: as the statutory). ``after_payment`` is
    the second appointment's period where the law promises two around the citizen's payment. ``source`` names the
    decision. ``code`` is the published code, which several cases or provinces may share (``id`` is unique); ``level``
    the printed level. ``authority`` and those of the steps may be symbolic (``commune``, ``commune.one_stop``): see
    ``domain.binding``.
    """

    id: ProcedureCode
    authority: AuthorityId
    route: tuple[Step, ...]
    statutory: Period | None = None
    committed: Period | None = None
    after_payment: Period | None = None
    name: str = ""
    field: str = ""
    case: str = ""
    source: str = ""
    count: CountPolicy = CountPolicy.DAY_END
    cutoff: CutOff | None = None
    components: tuple[Component, ...] = ()
    missing: ChecklistPolicy = ChecklistPolicy.REFUSE
    excess: ChecklistPolicy = ChecklistPolicy.REFUSE
    on_supplement: Effect = Effect.PAUSE
    on_suspend: dict[SuspensionReason, Effect] = {}
    supplement_limit: Period | None = None
    supplements_per_stage: int = 1
    extension: ExtensionPolicy = ExtensionPolicy()
    reminders: tuple[Reminder, ...] = ()
    silence: Silence = Silence.ESCALATE
    boundary_free: bool = False
    fee: str = ""
    notes: tuple[str, ...] = ()
    code: str = ""
    level: str = ""
    published: Published | None = None

    def budget(self) -> Period | None:
        """The committed period, or the statutory one where none is committed."""
        return self.committed or self.statutory


def stages(route: tuple[Step, ...]) -> Iterator[Step]:
    """The stages of a route in order, without those inside links."""
    return (step for step in route if step.stage is not None)


def all_links(route: tuple[Step, ...]) -> Iterator[LinkSpec]:
    """Every link of a route, outermost first, links inside links included."""
    for step in route:
        for link in step.links():
            yield link
            yield from all_links(link.route)
