"""What a dossier says no to. One class a broken rule; the code is stable, the message tells the officer what to do."""

from collections.abc import Iterable
from datetime import datetime

from domain.errors import Refusal


class DossierUnknown(Refusal):
    """A command for a dossier that has not been received."""

    code = "dossier_unknown"

    def __init__(self, do: str) -> None:
        super().__init__(f"there is no such dossier yet; {do} needs one that was submitted or received", do=do)


class DossierExists(Refusal):
    """A second receipt or submission."""

    code = "dossier_exists"

    def __init__(self) -> None:
        super().__init__("this dossier is already received; a new request needs a code of its own")


class DossierClosed(Refusal):
    """A command after the end."""

    code = "dossier_closed"

    def __init__(self, ending: str, do: str) -> None:
        super().__init__(f"this dossier is closed ({ending}); {do} is no longer possible", ending=ending, do=do)


class StaleVersion(Refusal):
    """A decision taken on a screen that no longer shows how the dossier stands."""

    code = "stale_version"

    def __init__(self, expected: int, current: int) -> None:
        super().__init__(
            f"this dossier has moved on from version {expected} to {current}; look at it again before acting",
            expected=expected,
            current=current,
        )


class NotReceived(Refusal):
    """Work on a dossier that was submitted but not accepted."""

    code = "dossier_not_received"

    def __init__(self, do: str) -> None:
        super().__init__(f"this dossier is submitted but not yet received; receive or refuse it before {do}", do=do)


class WrongProcedure(Refusal):
    """The command names another procedure than the rules it is decided under."""

    code = "wrong_procedure"

    def __init__(self, given: str, expected: str) -> None:
        super().__init__(f"this dossier is under procedure {expected}, not {given}", given=given, expected=expected)


class SupplementAwaited(Refusal):
    """Work while the citizen's answer is awaited."""

    code = "supplement_awaited"

    def __init__(self, do: str, expires_at: datetime) -> None:
        super().__init__(
            f"the citizen's supplement is awaited until {expires_at.isoformat()}; until then only "
            f"provide_supplement, withdraw, stop, correct and extend are taken, not {do}",
            do=do,
            expires_at=expires_at.isoformat(),
        )


class StageNotOpen(Refusal):
    """The stage named is not the one that is open."""

    code = "stage_not_open"

    def __init__(self, stage: str, is_open: str | None) -> None:
        now = f"the open stage is {is_open}" if is_open else "no stage is open"
        super().__init__(f"stage {stage} is not open; {now}", stage=stage, open=is_open)


class NoTaskOpen(Refusal):
    """There is nothing to work on."""

    code = "no_task_open"

    def __init__(self, do: str, awaited: Iterable[str]) -> None:
        names = list(awaited)
        why = f"the answer of {', '.join(names)} is awaited" if names else "the route has no open stage"
        super().__init__(f"{do} needs an open task, but {why}", do=do, awaited=names)


class TaskClaimedByAnother(Refusal):
    """Two officers, one task."""

    code = "task_claimed_by_another"

    def __init__(self, stage: str, officer: str) -> None:
        super().__init__(
            f"the task {stage} is held by {officer}; it must be released or delegated first",
            stage=stage,
            officer=officer,
        )


class TaskAlreadyClaimed(Refusal):
    """The officer holds it already."""

    code = "task_already_claimed"

    def __init__(self, stage: str, officer: str) -> None:
        super().__init__(f"the task {stage} is already held by {officer}", stage=stage, officer=officer)


class TaskNotClaimed(Refusal):
    """Nobody holds it."""

    code = "task_not_claimed"

    def __init__(self, stage: str) -> None:
        super().__init__(f"nobody holds the task {stage}, so it cannot be released", stage=stage)


class OfficerMissing(Refusal):
    """An act that needs to know who acts."""

    code = "officer_missing"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} needs the officer who acts", do=do)


class WrongCommandForStage(Refusal):
    """Stages at the ends of a route have commands of their own."""

    code = "wrong_command_for_stage"

    def __init__(self, stage: str, use: str) -> None:
        super().__init__(f"the {stage} stage is completed by {use}, not by complete_task", stage=stage, use=use)


class UnknownStage(Refusal):
    """Rework to a stage that is not an earlier one."""

    code = "unknown_stage"

    def __init__(self, stage: str, earlier: Iterable[str]) -> None:
        names = list(earlier)
        super().__init__(
            f"rework goes to an earlier stage of this route ({', '.join(names) or 'there is none'}), not to {stage}",
            stage=stage,
            earlier=names,
        )


class SupplementAlreadyRequested(Refusal):
    """Once per stage and legal basis."""

    code = "supplement_already_requested"

    def __init__(self, stage: str, legal_basis: str, limit: int) -> None:
        basis = f" on the basis of {legal_basis}" if legal_basis else ""
        super().__init__(
            f"a supplement was already asked for at stage {stage}{basis} (at most {limit} there); all that is "
            "missing is asked for at once",
            stage=stage,
            limit=limit,
        )


class NoSupplementAwaited(Refusal):
    """An answer that nobody asked for."""

    code = "no_supplement_awaited"

    def __init__(self) -> None:
        super().__init__("no supplement is awaited; ask for one with request_supplement first")


class PaymentAlreadyRequired(Refusal):
    """One obligation at a time."""

    code = "payment_already_required"

    def __init__(self) -> None:
        super().__init__("a payment is already awaited; confirm it before requiring another")


class NoPaymentAwaited(Refusal):
    """A payment that nobody asked for."""

    code = "no_payment_awaited"

    def __init__(self) -> None:
        super().__init__("no payment is awaited")


class PaymentOutstanding(Refusal):
    """The result waits for the citizen's obligation."""

    code = "payment_outstanding"

    def __init__(self, do: str) -> None:
        super().__init__(f"a payment is outstanding; confirm it before {do}", do=do)


class InvalidAmount(Refusal):
    """A payment below zero."""

    code = "invalid_amount"

    def __init__(self, amount: int) -> None:
        super().__init__(f"an amount in dong is 0 or more, not {amount}", amount=amount)


class AlreadySuspended(Refusal):
    """A suspension for this reason is open."""

    code = "already_suspended"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the clocks are already suspended for {reason}", reason=reason)


class NotSuspended(Refusal):
    """Nothing to resume."""

    code = "not_suspended"

    def __init__(self, reason: str | None) -> None:
        for_reason = f" for {reason}" if reason else ""
        super().__init__(f"the clocks are not suspended{for_reason}; there is nothing to resume", reason=reason)


class ReservedReason(Refusal):
    """Supplements and payments suspend by commands of their own."""

    code = "reserved_reason"

    def __init__(self, reason: str, use: str) -> None:
        super().__init__(f"a suspension for {reason} begins and ends by {use}", reason=reason, use=use)


class EndsBeforeStart(Refusal):
    """A suspension that would end before it began."""

    code = "ends_before_start"

    def __init__(self, start: datetime, end: datetime) -> None:
        super().__init__(
            f"what began at {start.isoformat()} cannot end at {end.isoformat()}",
            start=start.isoformat(),
            end=end.isoformat(),
        )


class NoDeadline(Refusal):
    """Nothing to extend."""

    code = "no_deadline"

    def __init__(self) -> None:
        super().__init__("this dossier has no due moment that could be extended")


class ExtensionUsed(Refusal):
    """One re-appointment only."""

    code = "extension_used"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the appointment can be moved {limit} time(s) only, and that is used up", limit=limit)


class ExtensionTooLate(Refusal):
    """Form 04 comes before the due moment."""

    code = "extension_too_late"

    def __init__(self, due: datetime) -> None:
        super().__init__(
            f"the due moment {due.isoformat()} has passed; an extension must come before it", due=due.isoformat()
        )


class ExtensionNotLater(Refusal):
    """The new date must be a later one."""

    code = "extension_not_later"

    def __init__(self, new_due: datetime, old: datetime) -> None:
        super().__init__(
            f"the new due moment {new_due.isoformat()} is not later than {old.isoformat()}",
            new_due=new_due.isoformat(),
            old=old.isoformat(),
        )


class ReasonMissing(Refusal):
    """An act that must be explained."""

    code = "reason_missing"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} needs a reason", do=do)


class NotApproved(Refusal):
    """A result before the decision."""

    code = "not_approved"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} needs an approved or rejected dossier; the last approve stage is not completed", do=do)


class ResultAlreadyIssued(Refusal):
    """Once ready, ready."""

    code = "result_already_issued"

    def __init__(self, do: str) -> None:
        super().__init__(f"the result is already issued; {do} comes too late", do=do)


class ResultNotIssued(Refusal):
    """Nothing to hand over."""

    code = "result_not_issued"

    def __init__(self) -> None:
        super().__init__("no result is issued yet; issue_result comes before return_result")


class LinkUnknown(Refusal):
    """No such hand-over."""

    code = "link_unknown"

    def __init__(self, link: str) -> None:
        super().__init__(f"this dossier has no open hand-over {link}", link=link)


class LinkClosed(Refusal):
    """An answer after the hand-over ended."""

    code = "link_closed"

    def __init__(self, link: str, state: str) -> None:
        super().__init__(f"the hand-over {link} is already {state}", link=link, state=state)


class LinkNotBack(Refusal):
    """Only what came back unanswered can be handed over anew."""

    code = "link_not_back"

    def __init__(self, link: str, state: str) -> None:
        super().__init__(
            f"the hand-over {link} is {state}; take it back before handing it over anew", link=link, state=state
        )


class LinkCircle(Refusal):
    """A part cannot be handed to who hands it over."""

    code = "link_circle"

    def __init__(self, link: str, to: str) -> None:
        super().__init__(f"{link} cannot go to {to}, which holds the dossier already", link=link, to=to)


class LinkAnsweredDifferently(Refusal):
    """A second answer that contradicts the first."""

    code = "link_answered_differently"

    def __init__(self, link: str, first: str, second: str) -> None:
        super().__init__(
            f"the hand-over {link} was answered {first}; {second} contradicts it", first=first, second=second
        )


class NotALinkedPart(Refusal):
    """Link commands belong to a linked part."""

    code = "not_a_linked_part"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} is for a linked part; name its link", do=do)


class LinkedPart(Refusal):
    """Root commands do not belong to a linked part."""

    code = "linked_part"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} is for the root dossier, not for a linked part", do=do)


class AlreadyAcknowledged(Refusal):
    """Acknowledged once is enough."""

    code = "already_acknowledged"

    def __init__(self) -> None:
        super().__init__("the hand-over is already acknowledged")


class PartNotFinished(Refusal):
    """An answer while stages of the part are open."""

    code = "part_not_finished"

    def __init__(self, stage: str) -> None:
        super().__init__(f"stage {stage} of the linked part is still open; complete it before answering", stage=stage)


class InTheFuture(Refusal):
    """Nothing has happened that is yet to come."""

    code = "occurred_in_future"

    def __init__(self, occurred: datetime, recorded: datetime) -> None:
        super().__init__(
            f"occurred_at {occurred.isoformat()} is later than the moment of recording, {recorded.isoformat()}",
            occurred_at=occurred.isoformat(),
            recorded_at=recorded.isoformat(),
        )


class BeforeReceipt(Refusal):
    """Nothing happens to a dossier before it is received."""

    code = "occurred_before_receipt"

    def __init__(self, occurred: datetime, received: datetime) -> None:
        super().__init__(
            f"occurred_at {occurred.isoformat()} is before the receipt, {received.isoformat()}",
            occurred_at=occurred.isoformat(),
            received_at=received.isoformat(),
        )


class EntryUnknown(Refusal):
    """No such entry to correct."""

    code = "entry_unknown"

    def __init__(self, event: int | str, version: int) -> None:
        super().__init__(f"this dossier has no entry {event}; its entries are 1 to {version}", event=str(event))


class NotCorrectable(Refusal):
    """An entry whose field cannot be amended."""

    code = "not_correctable"

    def __init__(self, event: str, field: str) -> None:
        super().__init__(f"the field {field} of {event} cannot be corrected", event=event, field=field)


class InvalidValue(Refusal):
    """A correction's value that does not fit the field."""

    code = "invalid_value"

    def __init__(self, field: str, value: str, expected: str) -> None:
        super().__init__(f'"{value}" does not fit {field}: expected {expected}', field=field, value=value)


class SelfApproved(Refusal):
    """Corrections need a second person."""

    code = "self_approved"

    def __init__(self) -> None:
        super().__init__(
            "a correction is approved by another officer than the one who enters it, or for whom it is entered"
        )


class InvalidScore(Refusal):
    """Marks are 1 to 5."""

    code = "invalid_score"

    def __init__(self, score: int) -> None:
        super().__init__(f"a mark is 1 to 5, not {score}", score=score)


class FeedbackTooEarly(Refusal):
    """Feedback belongs to a finished dossier."""

    code = "feedback_too_early"

    def __init__(self) -> None:
        super().__init__("feedback is taken once the result is ready or the dossier is closed")


class TextTooLong(Refusal):
    """A free text beyond its limit."""

    code = "text_too_long"

    def __init__(self, field: str, length: int, limit: int) -> None:
        super().__init__(
            f"{field} has {length} characters; at most {limit} are taken", field=field, length=length, limit=limit
        )


class ParcelUnknown(Refusal):
    """Word of a parcel that this dossier never sent."""

    code = "parcel_unknown"

    def __init__(self, parcel: str) -> None:
        super().__init__(f"this dossier has no parcel {parcel}", parcel=parcel)


class ParcelAmbiguous(Refusal):
    """Word of a parcel without its number, where there are several."""

    code = "parcel_ambiguous"

    def __init__(self, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(f"this dossier has the parcels {', '.join(names)}; name one by its number", known=names)


class ParcelUnderWay(Refusal):
    """A second parcel while the first is on its way."""

    code = "parcel_under_way"

    def __init__(self, parcel: str) -> None:
        super().__init__(
            f"the parcel {parcel} is under way; it must arrive, come back or be cancelled first", parcel=parcel
        )


class ParcelGone(Refusal):
    """An order taken back too late."""

    code = "parcel_gone"

    def __init__(self, parcel: str, state: str) -> None:
        super().__init__(
            f"the parcel {parcel} is {state} already and cannot be called back", parcel=parcel, state=state
        )


class CarrierMissing(Refusal):
    """An order to nobody."""

    code = "carrier_missing"

    def __init__(self, do: str) -> None:
        super().__init__(f"{do} names the carrier", do=do)


class TrackingTaken(Refusal):
    """A parcel that already has another number, or a number that another parcel has."""

    code = "tracking_taken"

    def __init__(self, parcel: str, tracking: str) -> None:
        super().__init__(f"the number {tracking} cannot be that of {parcel}: either has another", parcel=parcel)


class NotToBeCollected(Refusal):
    """Papers are fetched for a dossier that is not received yet."""

    code = "already_received"

    def __init__(self) -> None:
        super().__init__("this dossier is received; papers are fetched by the post before that only")
