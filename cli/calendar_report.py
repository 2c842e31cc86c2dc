"""What a calendar's new version does to open dossiers, in words and as data."""

from datetime import date
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from domain.calendar_revision import Move, Preview, Tally
from domain.ids import Version
from workers.calendar_trial import Trial
from workflows.revision_messages import Progress

SHOWN = 20
"""Authorities, dossiers and failures printed for people; ``--json`` prints all."""


def plain(trial: Trial) -> dict[str, Any]:
    """The trial as JSON prints it."""
    found = trial.preview
    return {
        "calendar": found.calendar,
        "version": found.version,
        "in_force": trial.in_force,
        "at": found.at,
        "effective_from": trial.effective_from,
        "applies_to_open": trial.applies_to_open,
        "changes": trial.changes,
        "open": trial.unjudged,
        "concerned": sum(trial.concerned.values()),
        "replaces": trial.concerned,
        **msgspec.to_builtins(found.dossiers),
        "stages": found.stages,
        "earliest": found.earliest,
        "latest": found.latest,
        "furthest_back": found.furthest_back,
        "furthest_on": found.furthest_on,
        "authorities": found.authorities,
        "becoming_late": found.become_late,
        "late_no_more": found.un_lated,
        "refused": found.refused,
        "refusals": found.refusals,
    }


def show(trial: Trial) -> None:
    """Print the trial for people."""
    console, found = Console(highlight=False), trial.preview
    console.print(f"calendar {found.calendar}: version {found.version}; in force is {trial.in_force}")
    console.print(f"changes: {trial.changes.in_words() or 'none that moves a deadline'}", soft_wrap=True)
    if not trial.applies_to_open:
        console.print(f"in force from {trial.effective_from}: for dossiers received from then on; no open one moves")
    concerned = sum(trial.concerned.values())
    console.print(f"{concerned} of {trial.unjudged} open dossiers and linked parts count by another version of it")
    console.print(sentence(found), soft_wrap=True)
    if found.stages.moved:
        console.print(f"open tasks: {_moves(found.stages)}")
    for name, move in (
        ("earliest new due moment", found.earliest),
        ("latest new due moment", found.latest),
        ("furthest to an earlier moment", found.furthest_back),
        ("furthest to a later moment", found.furthest_on),
    ):
        if move is not None:
            console.print(f"{name}: {_move(move)}")
    _by_authority(console, found)
    _listed(console, "become late", [_move(move) for move in found.become_late])
    _listed(console, "late no more", [_move(move) for move in found.un_lated])
    refused = [f"{one.dossier} {one.stage}".rstrip() + f": {one.message}" for one in found.refusals]
    _listed(console, f"cannot be counted by this version ({found.refused})", refused)


def show_published(trial: Trial, version: Version | str, effective_from: date, progress: Progress | None) -> None:
    """Print what came of publishing."""
    console, found = Console(highlight=False), trial.preview
    console.print(f"calendar {found.calendar}: version {version} is in force from {effective_from}")
    if not trial.applies_to_open:
        console.print("it is for dossiers received from then on; no open one was moved")
    elif progress is None:
        console.print("open dossiers are being revised; the same command shows the progress")
    else:
        console.print(sentence(found), soft_wrap=True)
        console.print(
            f"{progress.revised} revised, {progress.unchanged} had ended meanwhile, {progress.failed} could not follow"
        )
        failures = [f"{one.stream}: {one.message} ({one.code})" for one in progress.failures]
        _listed(console, "could not follow; the same command tries them again", failures)


def sentence(found: Preview) -> str:
    """The whole in one sentence."""
    tally = found.dossiers
    waiting = f"; {tally.suspended} suspended ones will, when they resume" if tally.suspended else ""
    return (
        f"this change moves {tally.moved} deadlines ({tally.earlier} earlier, {tally.later} later), "
        f"un-lates {tally.un_lated}, makes {tally.become_late} late{waiting}"
    )


def _moves(tally: Tally) -> str:
    return (
        f"{tally.moved} deadlines move ({tally.earlier} earlier, {tally.later} later), "
        f"{tally.un_lated} are late no more, {tally.become_late} become late"
    )


def _move(move: Move) -> str:
    return f"{move.dossier} ({move.authority}): {move.old:%d/%m/%Y %H:%M} → {move.new:%d/%m/%Y %H:%M}"


def _by_authority(console: Console, found: Preview) -> None:
    moved = sorted((one for one in found.authorities if one.moved), key=lambda one: (-one.moved, one.authority))
    if not moved:
        return
    table = Table()
    for name in ("authority", "open", "move", "earlier", "later", "become late", "late no more", "tasks move"):
        table.add_column(name, justify="left" if name == "authority" else "right")
    for one in moved[:SHOWN]:
        figures = (one.counted, one.moved, one.earlier, one.later, one.become_late, one.un_lated, one.stages.moved)
        table.add_row(one.authority, *map(str, figures))
    console.print(table)
    if len(moved) > SHOWN:
        console.print(f"and {len(moved) - SHOWN} more authorities; --json prints all")


def _listed(console: Console, title: str, lines: list[str]) -> None:
    if lines:
        console.print(f"{title}:")
    for line in lines[:SHOWN]:
        console.print(f"  {line}", soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  and {len(lines) - SHOWN} more; --json prints all")
