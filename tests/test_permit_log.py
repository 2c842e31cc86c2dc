"""A real log of permit applications, judged by the engine and by plain SQL: the same cases late, on time and open.

The log is no part of the project: the test looks for it in a ``shared/data`` directory beside the repository, or where
MOTCUA_PERMIT_LOG says.
"""

import csv
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import pytest

from domain.deadline import judge, judge_open
from domain.moment import parse_moment
from tests.support.databases import Database

BESIDE = Path(__file__).parents[2] / "shared" / "data" / "permit-receipt-a.csv"
LOG = Path(os.environ.get("MOTCUA_PERMIT_LOG") or BESIDE)
ZONE = ZoneInfo("Europe/Amsterdam")
"""Where the cases were worked; some begin in one offset and end in the other."""
CASES, EVENTS = 726, 4424

PLAIN = """
    SELECT name, CASE
        WHEN ended IS NULL AND log_end > planned THEN 'open_overdue'
        WHEN ended IS NULL THEN 'open_within'
        WHEN ended > planned THEN 'late'
        WHEN date(ended AT TIME ZONE zone) < date(planned AT TIME ZONE zone) THEN 'early'
        ELSE 'on_time'
    END FROM permit, (SELECT %s::timestamptz AS log_end, %s AS zone) AS log
"""


class Case(NamedTuple):
    """One application, as the log tells its planned and its real end; ``ended`` empty while it is open."""

    name: str
    planned: str
    ended: str


def read_log(path: Path) -> tuple[list[Case], str]:
    """The log's cases, and the time of its last event, as text."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == EVENTS
    cases = {Case(row["case:concept:name"], row["case:enddate_planned"], row["case:enddate"]) for row in rows}
    return sorted(cases), max((row["time:timestamp"] for row in rows), key=datetime.fromisoformat)


def by_the_engine(cases: list[Case], log_end: str) -> dict[str, str]:
    """Each case's judgement as the engine gives it."""
    now = parse_moment(log_end)
    return {
        case.name: (
            judge(parse_moment(case.planned), parse_moment(case.ended), ZONE)
            if case.ended
            else judge_open(parse_moment(case.planned), now)
        ).value
        for case in cases
    }


def by_plain_sql(database: Database, cases: list[Case], log_end: str) -> dict[str, str]:
    """The same by PostgreSQL, which reads the texts by itself."""
    with psycopg.connect(database.url) as connection:
        connection.execute("CREATE TEMP TABLE permit (name text, planned timestamptz, ended timestamptz)")
        with connection.cursor().copy("COPY permit FROM STDIN") as copy:
            for case in cases:
                copy.write_row((case.name, case.planned, case.ended or None))
        return dict(connection.execute(PLAIN, (log_end, ZONE.key)).fetchall())


def test_judges_a_real_log_as_plain_sql_does(database: Database) -> None:
    """Every case of the log is judged alike by both, hence the same counts of late, on time, early and open ones."""
    if not LOG.is_file():
        pytest.skip(f"the permit log {LOG.name} is not in {LOG.parent}; set MOTCUA_PERMIT_LOG to where it is")
    cases, log_end = read_log(LOG)
    assert len(cases) == CASES
    engine = by_the_engine(cases, log_end)
    assert engine == by_plain_sql(database, cases, log_end)
    assert Counter(engine.values()) == {"late": 219, "early": 456, "on_time": 2, "open_overdue": 25, "open_within": 24}
