"""A dossier's printed forms over HTTP."""

import httpx
import pytest

from tests.support.http import PLAIN, System, keyed, received


async def test_receipt_and_control_sheet(clerk: httpx.AsyncClient) -> None:
    """As PDF, named by form and code; the control sheet too. What stands on them is read in tests/web."""
    code = await received(clerk)
    for form in ("01", "06"):
        answer = await clerk.get(f"/api/v1/dossiers/{code}/forms/{form}.pdf")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.headers["content-disposition"] == f'inline; filename="{form}-{code}.pdf"'
        assert answer.content.startswith(b"%PDF")


async def test_what_there_is_none_of(clerk: httpx.AsyncClient) -> None:
    """404 with words, for forms to come and forms that do not exist."""
    code = await received(clerk)
    for form in ("03.pdf", "07.pdf", "99.pdf", "x"):
        answer = await clerk.get(f"/api/v1/dossiers/{code}/forms/{form}")
        assert (answer.status_code, answer.json()["code"]) == (404, "form_unknown")


async def test_a_refusal_has_its_form(clerk: httpx.AsyncClient) -> None:
    """Printed at the counter."""
    body = {"procedure": PLAIN, "do": "refuse", "reason": "Không thuộc thẩm quyền"}
    code = (await clerk.post("/api/v1/dossiers", json=body, headers=keyed())).json()["code"]
    assert (await clerk.get(f"/api/v1/dossiers/{code}/forms/03.pdf")).content.startswith(b"%PDF")


@pytest.mark.parametrize(("officer", "status"), [("lan", 200), ("auditor", 200), ("other", 403), ("hoa", 403)])
async def test_who_prints(system: System, clerk: httpx.AsyncClient, officer: str, status: int) -> None:
    """Whoever may read the dossier; auditors get it without the person."""
    code = await received(clerk)
    async with system.client(officer) as who:
        assert (await who.get(f"/api/v1/dossiers/{code}/forms/01.pdf")).status_code == status
