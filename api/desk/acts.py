"""The forms of a dossier's acts: each asks for what its command needs and for nothing else."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar.datastructures import FormMultiDict

from api.bodies import BODY_OF, Body
from api.desk.context import clean
from api.desk.directory import Directory
from domain.access import Facts, can, facts_of_state
from domain.dossier import commands as c
from domain.dossier.allowed import Act, acts_on_a_task, allowed, command_name
from domain.dossier.amendment import MOMENTS
from domain.dossier.clocks import committed_due
from domain.dossier.route import earlier_stages
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier, Link
from domain.procedure import Procedure, SuspensionReason
from runtime.tokens import Claims
from web.messages import Translate
from web.timewords import HOME, local

Options = tuple[tuple[str, str], ...]
KIND_OF: Final[dict[str, type[c.Command]]] = {str(kind.__struct_config__.tag): kind for kind in BODY_OF}
MAIN: Final = frozenset(
    {
        Act.RECEIVE,
        Act.CLAIM,
        Act.FORWARD,
        Act.ISSUE,
        Act.RETURN,
        Act.PROVIDE,
        Act.CONFIRM_PAYMENT,
        Act.ACKNOWLEDGE,
        Act.ANSWER,
        Act.REOPEN,
        Act.RESUME,
        Act.FEEDBACK,
    }
)
"""What moves a dossier on; the others are there when they are needed, folded away."""
GRAVE: Final = frozenset({Act.REFUSE, Act.REJECT, Act.WITHDRAW, Act.STOP, Act.HAND_BACK, Act.TAKE_BACK, Act.SKIP})
FIELD_OF_REFUSAL: Final = {
    "reason_missing": "reason",
    "extension_not_later": "new_due",
    "extension_too_late": "new_due",
    "outside_calendar": "new_due",
    "invalid_amount": "amount",
    "unknown_stage": "to_stage",
    "missing_components": "components",
    "excess_components": "components",
    "self_approved": "approved_by",
    "invalid_value": "value",
    "not_correctable": "event",
    "occurred_in_future": "value",
    "occurred_before_receipt": "value",
    "ends_before_start": "value",
    "invalid_score": "score",
    "supplement_already_requested": "legal_basis",
    "invalid_moment": "new_due",
    "task_already_claimed": "to",
    "link_unknown": "part",
    "link_closed": "part",
    "link_not_back": "part",
    "link_circle": "to_authority",
    "unknown_reference": "to",
    "carrier_missing": "carrier",
    "tracking_taken": "tracking",
    "parcel_gone": "parcel",
}
"""Beside which field a refusal is shown; others stand above the form."""


LISTS: Final = frozenset({"components"})
NOT_ASKED: Final = frozenset({"link", "occurred_at", "applicant", "procedure", "received_by", "return_to"})
"""Fields of commands that the desk's forms never fill in."""


class Field(msgspec.Struct, frozen=True):
    """One field: ``kind`` is text, area, number, moment, choice or many."""

    name: str
    kind: str = "text"
    required: bool = False
    options: Options = ()
    value: str = ""


class Form(msgspec.Struct, frozen=True):
    """What a screen shows for an act."""

    act: Act
    fields: tuple[Field, ...]
    fixed: dict[str, str] = {}

    @property
    def main(self) -> bool:
        """Whether it moves the dossier on."""
        return self.act in MAIN

    @property
    def grave(self) -> bool:
        """Whether it ends something for the citizen."""
        return self.act in GRAVE


class Scene(msgspec.Struct, frozen=True):
    """What the forms are made of; ``carriers`` are those of the post, by id and name."""

    rules: Rules
    state: Dossier
    procedure: Procedure
    directory: Directory
    t: Translate
    carriers: Options


def forms(scene: Scene, claims: Claims, facts: Facts, now: datetime) -> tuple[Form, ...]:
    """The forms of what this officer may do with this dossier now."""
    possible = allowed(scene.rules, scene.state, claims.officer, claims.authority, now, claims.on_behalf_of)
    mine = (act for act in possible if can(claims.roles, claims.authority, command_name(act), facts))
    return tuple(form_of(act, scene, claims) for act in mine)


def form_of(act: Act, scene: Scene, claims: Claims) -> Form:
    """The form of one act."""
    fields = FIELDS.get(act, _nothing)(scene, claims)
    fixed = {}
    task = scene.state.task
    if task and (acts_on_a_task(act) or act in {Act.CLAIM, Act.RELEASE, Act.DELEGATE, Act.REQUEST_SUPPLEMENT}):
        fixed["stage"] = task.stage_id
    return Form(act, fields, fixed)


def body_of(act: Act, given: FormMultiDict, stage: str = "") -> Body:
    """The command's body as the page sent it, whatever the dossier is like by now; raises msgspec.ValidationError.

    ``stage`` is the open stage, where the page has not sent it.
    """
    shape = BODY_OF[KIND_OF[command_name(act)]]
    values: dict[str, Any] = {}
    for name in shape.__struct_fields__:
        texts = [clean(str(text)).replace("\r\n", "\n") for text in given.getall(name, [])]
        texts = [text for text in texts if text]
        if name in LISTS and name in given:
            values[name] = texts
        elif texts and name not in NOT_ASKED:
            values[name] = texts[0]
    if stage:
        values["stage"] = stage
    if acts_on_a_task(act):
        values["outcome"] = act.value
    if act is Act.CORRECT:
        values |= {"field": "occurred_at", "event": _whole(values.get("event", ""))}
    for name in {"new_due", "value"} & values.keys():
        values[name] = _moment(values[name])
    return msgspec.convert(values, shape, strict=False)


def missing(form: Form, given: FormMultiDict) -> str:
    """The first field that must be filled in and is not (empty: none)."""
    for field in form.fields:
        texts = [str(text).strip() for text in given.getall(field.name, [])]
        if field.required and not any(texts):
            return field.name
    return ""


def _moment(text: str) -> str:
    """A moment as browsers send it, in local time, with its offset; anything else as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=HOME)).isoformat()


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text  # noqa: PLR2004  # a version


def _nothing(_: Scene, __: Claims) -> tuple[Field, ...]:
    return ()


def _reason(_: Scene, __: Claims) -> tuple[Field, ...]:
    return (Field("reason", "area", required=True),)


def _note(_: Scene, __: Claims) -> tuple[Field, ...]:
    return (Field("note", "area"),)


def _components(scene: Scene, *, checked: bool = False) -> Field:
    options = tuple((one.id, one.name or one.id) for one in scene.procedure.components)
    value = "\n".join(one.id for one in scene.procedure.components if one.required) if checked else ""
    return Field("components", "many", options=options, value=value)


def _receive(scene: Scene, _: Claims) -> tuple[Field, ...]:
    return (_components(scene, checked=True),) if scene.procedure.components else ()


def _supplement(scene: Scene, _: Claims) -> tuple[Field, ...]:
    listed = (_components(scene),) if scene.procedure.components else ()
    return (Field("reason", "area", required=True), *listed, Field("legal_basis"))


def _provided(scene: Scene, _: Claims) -> tuple[Field, ...]:
    asked = scene.state.supplement.components if scene.state.supplement else ()
    names = {one.id: one.name for one in scene.procedure.components}
    options = tuple((one, names.get(one) or one) for one in asked)
    listed = (Field("components", "many", options=options, value="\n".join(asked)),) if asked else ()
    return (*listed, Field("note", "area"))


def _rework(scene: Scene, _: Claims) -> tuple[Field, ...]:
    task = scene.state.task
    route = scene.rules.procedure.route
    steps = list(earlier_stages(scene.rules.procedure, task.step)) if task else []
    options = tuple((name, route[index].title or scene.t(f"stage.{route[index].stage}")) for index, name in steps)
    return (Field("to_stage", "choice", required=True, options=options), Field("note", "area"))


def _delegate(scene: Scene, _: Claims) -> tuple[Field, ...]:
    task = scene.state.task
    facts = facts_of_state(scene.state)
    colleagues = scene.directory.colleagues(task.authority) if task else []
    people = [one for one in colleagues if can(one.roles, one.authority, "complete_task", facts)]
    options = tuple(
        (one.id, _person(scene.t, one.name, one.unit)) for one in people if not task or one.id != task.officer
    )
    return (Field("to", "choice", required=True, options=options), Field("reason", "area"))


def _person(t: Translate, name: str, unit: str) -> str:
    return t("person.in_unit", name=name, unit=unit) if unit else name


def _suspend(scene: Scene, _: Claims) -> tuple[Field, ...]:
    own = [one for one in SuspensionReason if one not in {SuspensionReason.SUPPLEMENT, SuspensionReason.PAYMENT}]
    options = tuple((one.value, scene.t(f"suspension.{one.value}")) for one in own)
    return (Field("reason", "choice", required=True, options=options), Field("note", "area"))


def _resume(scene: Scene, _: Claims) -> tuple[Field, ...]:
    held = {stay.reason for stay in scene.state.stays if stay.end is None and not stay.link}
    held -= {SuspensionReason.SUPPLEMENT, SuspensionReason.PAYMENT}
    options = tuple((one.value, scene.t(f"suspension.{one.value}")) for one in SuspensionReason if one in held)
    return (Field("reason", "choice", required=True, options=options), Field("note", "area"))


def _extend(scene: Scene, _: Claims) -> tuple[Field, ...]:
    due = committed_due(scene.rules, scene.state)
    value = local(due).strftime("%Y-%m-%dT%H:%M") if due else ""
    return (Field("new_due", "moment", required=True, value=value), Field("reason", "area", required=True))


def _answer(scene: Scene, _: Claims) -> tuple[Field, ...]:
    options = tuple((one.value, scene.t(f"answer.{one.value}")) for one in c.LinkOutcome)
    return (Field("outcome", "choice", required=True, options=options), Field("note", "area"))


def _part(scene: Scene, links: tuple[Link, ...]) -> Field:
    """Which hand-over; the one that there is needs no choosing."""
    options = tuple((one.id, f"{one.id}: {scene.directory.authority_name(one.to)}") for one in links)
    return Field("part", "choice", required=True, options=options, value=options[0][0] if len(options) == 1 else "")


def _reopen(scene: Scene, claims: Claims) -> tuple[Field, ...]:
    links, above = scene.state.links_back, scene.state.origin.from_authority if scene.state.origin else ""
    others = scene.directory.authorities_sorted()
    options = tuple((one.id, one.name or one.id) for one in others if one.id not in {scene.state.authority, above})
    value = links[0].to if len(links) == 1 else ""
    return (
        _part(scene, links),
        Field("to_authority", "choice", required=True, options=options, value=value),
        *_reason(scene, claims),
    )


def _take_back(scene: Scene, claims: Claims) -> tuple[Field, ...]:
    return (_part(scene, tuple(one for one in scene.state.links_awaited if one.open)), *_reason(scene, claims))


def _skip(scene: Scene, claims: Claims) -> tuple[Field, ...]:
    return (_part(scene, scene.state.links_awaited), *_reason(scene, claims))


def _return(scene: Scene, _: Claims) -> tuple[Field, ...]:
    options = tuple((one.value, scene.t(f"return_method.{one.value}")) for one in c.ReturnMethod)
    return (Field("method", "choice", required=True, options=options),)


def _by_post(scene: Scene, _: Claims) -> tuple[Field, ...]:
    return (Field("carrier", "choice", required=True, options=scene.carriers), Field("tracking"))


def _cancel_parcel(scene: Scene, _: Claims) -> tuple[Field, ...]:
    names = dict(scene.carriers)
    options = tuple(
        (one.id, " ".join(filter(None, (scene.t(f"purpose.{one.purpose}"), names.get(one.carrier), one.tracking))))
        for one in scene.state.parcels
        if not one.ended
    )
    value = options[0][0] if len(options) == 1 else ""
    return (Field("parcel", "choice", required=True, options=options, value=value), Field("reason", "area"))


def _correct(scene: Scene, claims: Claims) -> tuple[Field, ...]:
    entries = enumerate(scene.state.entries, start=1)
    options = tuple(
        (str(n), f"{n}. {scene.t('title.' + name.replace('.', '_'))}") for n, name in entries if name in MOMENTS
    )
    concerned = {claims.officer, claims.on_behalf_of}
    people = [one for one in scene.directory.colleagues(claims.authority) if one.id not in concerned]
    received = scene.state.received_at
    value = local(received).strftime("%Y-%m-%dT%H:%M") if received else ""
    return (
        Field("event", "choice", required=True, options=options),
        Field("value", "moment", required=True, value=value),
        Field("reason", "area", required=True),
        Field(
            "approved_by",
            "choice",
            required=True,
            options=tuple((one.id, _person(scene.t, one.name, one.unit)) for one in people),
        ),
    )


def _feedback(scene: Scene, _: Claims) -> tuple[Field, ...]:
    options = tuple((str(n), scene.t(f"score.{n}")) for n in range(5, 0, -1))
    return (Field("score", "choice", required=True, options=options), Field("words", "area"))


FIELDS: Final[dict[Act, Callable[[Scene, Claims], tuple[Field, ...]]]] = {
    Act.RECEIVE: _receive,
    Act.REFUSE: _reason,
    Act.FORWARD: _note,
    Act.ISSUE: lambda _scene, _claims: (Field("number"), Field("note", "area")),
    Act.RETURN: _return,
    Act.PROVIDE: _provided,
    Act.CONFIRM_PAYMENT: lambda _scene, _claims: (Field("receipt", required=True),),
    Act.ANSWER: _answer,
    Act.HAND_BACK: _reason,
    Act.TAKE_BACK: _take_back,
    Act.REOPEN: _reopen,
    Act.SKIP: _skip,
    Act.RESUME: _resume,
    Act.REQUEST_SUPPLEMENT: _supplement,
    Act.REWORK: _rework,
    Act.REJECT: lambda _scene, _claims: (Field("note", "area", required=True),),
    Act.DELEGATE: _delegate,
    Act.REQUIRE_PAYMENT: lambda _scene, _claims: (
        Field("amount", "number", required=True),
        Field("reason", "area", required=True),
    ),
    Act.SUSPEND: _suspend,
    Act.EXTEND: _extend,
    Act.DISPATCH: _by_post,
    Act.COLLECT: _by_post,
    Act.CANCEL_PARCEL: _cancel_parcel,
    Act.WITHDRAW: _reason,
    Act.STOP: _reason,
    Act.CORRECT: _correct,
    Act.FEEDBACK: _feedback,
}
"""What each act asks for; the others ask for nothing."""
