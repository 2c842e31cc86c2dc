"""Published records as lists hold them, small; and a catalogue's directory to put faults into."""

import json
from pathlib import Path
from typing import Any

from catalogue.loading import load_authorities
from catalogue.mapping import CannotMap, map_record
from catalogue.naming import Names, load_names
from catalogue.shipped import SHIPPED
from domain.procedure import Procedure

Record = dict[str, Any]

NAMES: Names = load_names(SHIPPED / "authority_names.yaml", load_authorities(SHIPPED))
DESK, HEALTH, PROVINCE, COMMUNE = "TTPVHCC / Bộ phận Một cửa", "Sở Y tế", "UBND tỉnh", "UBND cấp xã"


def step(kind: str, authority: str = HEALTH, days: float | None = 1, **more: object) -> Record:
    """A printed step; ``days`` working days, none: not timed."""
    return {
        "no": more.pop("no", "B"),
        "title": f"{kind} it",
        "actor": more.pop("actor", ""),
        "authority": authority,
        "level": more.pop("level", "commune" if authority == COMMUNE else "province"),
        "kind": kind,
        "amount": days,
        "unit": None if days is None else "working_day",
        "raw": "Không tính thời gian" if days is None else f"{days} ngày làm việc",
        "clock": more.pop("clock", "not_counted" if days is None else "counted"),
        **more,
    }


STEPS = (
    step("receive", DESK, 0.5, no="B1"),
    step("assign", no="B2", days=0.5, actor="Lãnh đạo Phòng"),
    step("appraise", no="B3", days=7, actor="Chuyên viên"),
    step("sign", no="B4", days=1.5, actor="Lãnh đạo Sở Y tế"),
    step("issue", no="B5", days=0.5, actor="Văn thư Sở Y tế"),
    step("return", DESK, None, no="B6"),
)


def record(*steps: Record, **changes: object) -> Record:
    """A procedure of ten working days at the health department; a change to None takes the key out."""
    plain: Record = {
        "id": "P900",
        "code": "1.900001",
        "name": "Cấp giấy phép thử nghiệm",
        "case": None,
        "field": "Bảo trợ xã hội",
        "level": "province",
        "authority": HEALTH,
        "source": "1/QĐ-UBND Thanh Giang 01/12/2025",
        "statutory_period": {"amount": 10, "unit": "working_day", "raw": "10 ngày làm việc"},
        "committed_period": None,
        "non_territorial": True,
        "link": "none",
        "agencies": [HEALTH],
        "steps": list(steps or STEPS),
        "step_total": 10,
        "sum_matches_period": True,
        "components": ["Đơn đề nghị", "Giấy tờ kèm theo (nếu có)"],
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def mapped(*steps: Record, **changes: object) -> Procedure:
    """The record as a procedure."""
    return map_record(record(*steps, **changes), NAMES)


def reasons(*steps: Record, **changes: object) -> list[str]:
    """Why the record cannot be mapped; none where it can."""
    try:
        mapped(*steps, **changes)
    except CannotMap as error:
        return error.reasons
    return []


def notes(procedure: Procedure) -> str:
    """The importer's own notes, one a line."""
    return "\n".join(note for note in procedure.notes if note.startswith("import: "))


def write_list(path: Path, *records: Record | str | bytes) -> Path:
    """A list of records, one a line; text and bytes are lines as they stand."""
    lines = [
        line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in records
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


AUTHORITIES = """\
authorities:
  - {id: X1, level: commune, kind: people_committee, calendar: vn-state, code_prefix: H98.01}
  - {id: S1, level: province, kind: department, calendar: vn-state, code_prefix: H98.02}
"""
OFFICERS = """\
officers:
  - {id: lan, name: Lan, authority: X1, roles: [clerk, specialist, leader]}
  - {id: hoa, name: Hoa, authority: S1, roles: [specialist, leader]}
"""
PROCEDURE = """\
id: P1
authority: X1
statutory: {amount: 10, unit: working_day}
committed: {amount: 8, unit: working_day}
route:
  - {stage: receive, budget: {amount: 2, unit: working_hour}, role: clerk}
  - {stage: appraise, budget: {amount: 4, unit: working_day}, role: specialist}
  - link:
      id: L1
      kind: horizontal
      to: S1
      budget: {amount: 2, unit: working_day}
      route:
        - {stage: receive}
        - {stage: appraise, budget: {amount: 1, unit: working_day}, role: specialist}
        - {stage: return}
  - {stage: approve, budget: {amount: 8, unit: working_hour}, role: leader}
  - {stage: return, role: clerk}
"""


def write_catalogue(
    directory: Path,
    *,
    procedures: dict[str, str] | None = None,
    authorities: str = AUTHORITIES,
    officers: str = OFFICERS,
) -> Path:
    """A small sound catalogue; calendars and law are those that come with the program."""
    (directory / "procedures").mkdir(parents=True)
    (directory / "authorities.yaml").write_text(authorities)
    (directory / "officers.yaml").write_text(officers)
    for name, text in (procedures if procedures is not None else {"p1.yaml": PROCEDURE}).items():
        (directory / "procedures" / name).write_text(text)
    return directory
