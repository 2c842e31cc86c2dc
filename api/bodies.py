"""The shapes of requests: a command's own fields, and around them when it happened and which linked part it is for.

Bodies are derived from the commands of the domain, so that they cannot drift apart: the same names, the same defaults,
the same closed vocabularies. What differs is said here: personal data arrive as an object and are sealed before they
become part of a command, moments carry an offset, and each field is described for the OpenAPI document.
"""

from typing import Annotated, Any, Final, Literal, TypeVar, cast

import msgspec
from msgspec import Meta

from api.fields import Components, Id, Line, Moment, Text, Whole
from domain.dossier import commands as c
from domain.dossier.commands import Channel
from domain.ids import AuthorityId, OfficerId, ProcedureCode
from domain.procedure import Effect, SuspensionReason

B = TypeVar("B", bound="Body")


class Applicant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose dossier it is. Personal data: sealed under the dossier's own key before anything is stored."""

    name: Annotated[str, Meta(min_length=1, max_length=500, examples=["Nguyễn Thị An"])]
    phone: Annotated[str, Meta(max_length=50, examples=["0912345678"])] = ""
    address: Line = ""
    email: Annotated[str, Meta(max_length=320)] = ""
    id_number: Annotated[str, Meta(max_length=50, description="Number of the identity card.")] = ""


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every command's body may hold besides the command's own fields."""

    link: Annotated[
        Id | None,
        Meta(description="The linked part that is meant, e.g. `L1`, or `L1/L2` within it; none: the dossier itself."),
    ] = None
    occurred_at: Annotated[Moment | None, Meta(description="When it happened in the world, if earlier than now.")] = (
        None
    )


class NewDossier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dossier that comes in: received at a desk, submitted, or refused there and then (form 03)."""

    procedure: Annotated[
        ProcedureCode, Meta(min_length=1, max_length=200, description="The procedure's id.", examples=["1.001193"])
    ]
    do: Annotated[
        Literal["receive", "submit", "refuse"],
        Meta(
            description=(
                "`submit`: handed in but not yet accepted; no clock of the procedure runs. `refuse`: not accepted; it "
                "gets a code and its form 03, and is closed."
            )
        ),
    ] = "receive"
    channel: Annotated[
        Channel | None, Meta(description="How it came in; `direct`, or `online` when it is submitted, where not said.")
    ] = None
    components: Annotated[Components, Meta(description="Ids of the papers and files handed in.")] = ()
    applicant: Applicant | None = None
    received_by: Annotated[
        Id | None, Meta(description="The receiving desk; the officer's own authority if unsaid.")
    ] = None
    return_to: Annotated[
        Id | None, Meta(description="Where the result is handed over; the receiving desk if unsaid.")
    ] = None
    occurred_at: Annotated[Moment | None, Meta(description="When it was handed in, if earlier than now.")] = None
    reason: Annotated[Text | None, Meta(description="Why it is refused; only with `refuse`, and needed there.")] = None


FIELDS: Final[dict[str, tuple[Any, str]]] = {
    "procedure": (Id, "The procedure's id, to be sure that both mean the same."),
    "channel": (Channel, "How it came in."),
    "components": (Components, "Ids of the papers and files concerned."),
    "applicant": (Applicant, "Whose dossier it is, where that was not said before or has changed."),
    "received_by": (Id, "The receiving desk."),
    "return_to": (Id, "Where the result is handed over."),
    "stage": (Id, "The stage that the officer believes to be open; another one is refused."),
    "to": (Id, "The officer who takes over."),
    "part": (Id, "The hand-over that is meant, by its link's id in the route, e.g. `L1`."),
    "to_authority": (AuthorityId, "Whom it goes to now; whom it went to before if unsaid."),
    "to_stage": (Id, "The earlier stage that rework goes back to."),
    "reason": (Text, "Why."),
    "note": (Text, "A remark for those who read the history."),
    "legal_basis": (Line, "The provision that the request rests on."),
    "amount": (Whole, "In dong."),
    "receipt": (Line, "The payment's number."),
    "effect": (Effect, "What the suspension does to the clocks; the procedure's rule if unsaid."),
    "new_due": (Moment, "The new appointment."),
    "number": (Line, "The result's number in the register."),
    "event": (
        Whole | Id,
        "The entry to correct: its version, or an event type (then the latest entry of it).",
    ),
    "field": (Id, "The entry's field."),
    "value": (Line | Applicant, "What is right; an applicant as an object."),
    "approved_by": (Id, "The second officer, who approves the correction."),
    "score": (Whole, "1 (poor) to 5 (good)."),
    "carrier": (Line, "The carrier's id."),
    "tracking": (Line, "The parcel's number with the carrier; none where the carrier will give one."),
    "parcel": (Id, "The parcel's number within the dossier, e.g. `B1`."),
    "place": (Line, "Where it was."),
    "event_id": (Line, "The carrier's id of what it says."),
    "words": (Text, "In the citizen's own words."),
}
"""Type and description of each field of a command; vocabularies that differ between commands are theirs (see OWN)."""

OWN: Final[dict[str, str]] = {
    "outcome": "How it ends.",
    "method": "How the result reached the citizen.",
    "service": "The time within which the carrier owes word of the parcel; the law's if unsaid.",
    "state": "Where the parcel is.",
    "signed": "Whether the recipient signed for it.",
}
"""Fields that keep the type which their command gives them."""

REASONS: Final = {(c.Suspend, "reason"), (c.Resume, "reason")}
"""Reasons that are words of a closed vocabulary, not text."""

PUBLIC: Final[tuple[type[c.Command], ...]] = (
    c.Receive,
    c.Refuse,
    c.ClaimTask,
    c.ReleaseTask,
    c.DelegateTask,
    c.CompleteTask,
    c.RequestSupplement,
    c.ProvideSupplement,
    c.RequirePayment,
    c.ConfirmPayment,
    c.Suspend,
    c.Resume,
    c.Extend,
    c.AcknowledgeLink,
    c.AnswerLink,
    c.HandBackLink,
    c.TakeBackLink,
    c.ReopenLink,
    c.SkipLink,
    c.IssueResult,
    c.ReturnResult,
    c.Withdraw,
    c.Stop,
    c.Correct,
    c.RecordFeedback,
    c.OrderCollection,
    c.DispatchResult,
    c.CancelParcel,
    c.RecordScan,
)
"""Commands that officers may send to an existing dossier."""


def body_of(command: type[c.Command]) -> type[Body]:
    """The body type of a command's route, named like the command."""
    derived = msgspec.defstruct(
        command.__name__,
        [_field(command, field) for field in msgspec.structs.fields(command)],
        bases=(Body,),
        module=__name__,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    derived.__doc__ = command.__doc__
    return cast("type[Body]", derived)


def _field(command: type[c.Command], field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    """The field's name, type and, where it need not be given, default."""
    if (command, field.name) in REASONS:
        kind, description = SuspensionReason, FIELDS["reason"][1]
    else:
        kind, description = FIELDS[field.name] if field.name in FIELDS else (field.type, OWN[field.name])
    if field.required:
        return (field.name, Annotated[kind, Meta(description=description)])
    default = None if field.name == "applicant" else field.default
    optional = kind | None if default is None else kind
    return (field.name, Annotated[optional, Meta(description=description)], default)


BODY_OF: Final[dict[type[c.Command], type[Body]]] = {command: body_of(command) for command in PUBLIC}


def command_of(kind: type[c.Command], body: Body, sealed: str) -> c.Command:
    """The command that a body means; ``sealed`` stands in the place of the applicant."""
    values = {field.name: getattr(body, field.name) for field in msgspec.structs.fields(kind)}
    personal = {name: sealed for name, value in values.items() if isinstance(value, Applicant)}
    if "applicant" in values and values["applicant"] is None:
        personal["applicant"] = ""
    return kind(**{**values, **personal})


def applicant_of(body: Body) -> Applicant | None:
    """The personal data in a body, wherever it holds them."""
    found = (getattr(body, name) for name in body.__struct_fields__)
    return next((value for value in found if isinstance(value, Applicant)), None)


def first_command(body: NewDossier, received_by: AuthorityId, sealed: str) -> c.Submit | c.Receive | c.Refuse:
    """The command by which a new dossier comes in."""
    return_to = AuthorityId(body.return_to) if body.return_to else None
    match body.do:
        case "receive":
            return c.Receive(
                procedure=body.procedure,
                channel=body.channel or Channel.DIRECT,
                components=body.components,
                applicant=sealed,
                received_by=received_by,
                return_to=return_to,
            )
        case "submit":
            return c.Submit(
                procedure=body.procedure,
                channel=body.channel or Channel.ONLINE,
                components=body.components,
                applicant=sealed,
                received_by=received_by,
                return_to=return_to,
            )
        case "refuse":
            return c.Refuse(
                reason=body.reason or "",
                procedure=body.procedure,
                channel=body.channel or Channel.DIRECT,
                applicant=sealed,
                received_by=received_by,
            )


def authorities_named(command: c.Command) -> tuple[AuthorityId, ...]:
    """Authorities whom a command names and who must exist."""
    match command:
        case c.ReopenLink(to_authority=to) if to is not None:
            return (to,)
        case _:
            return ()


def officers_named(command: c.Command) -> tuple[OfficerId, ...]:
    """Officers whom a command names and who must exist."""
    match command:
        case c.DelegateTask():
            return (command.to,)
        case c.Correct():
            return (command.approved_by,)
        case _:
            return ()
