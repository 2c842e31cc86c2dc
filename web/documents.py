"""Printed forms: data in, PDF (or PNG pages) out. Typst sets them; the QR code holds the dossier's code."""

import io
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import segno
import typst

TEMPLATE: Final = "paper.typ"


def qr_svg(text: str) -> str:
    """A QR code as SVG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=0, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def printed(data: dict[str, Any], form: Literal["pdf", "png"] = "pdf") -> bytes:
    """A form as PDF, or its first page as PNG. ``data`` is what the template reads; ``code`` becomes its QR code.

    Takes some ten milliseconds of a processor: call it in a thread.
    """
    values = {**data, "qr": qr_svg(str(data["code"])) if data.get("code") else ""}
    inputs = {"data": json.dumps(values, ensure_ascii=False)}
    # The package says that it is always one file; of several pages as images it returns a list.
    made: Any = typst.compile(_template(), format=form, sys_inputs=inputs, ppi=144.0)
    return bytes(made[0] if isinstance(made, list) else made)


@cache
def _template() -> bytes:
    return files("web").joinpath("forms", TEMPLATE).read_bytes()
