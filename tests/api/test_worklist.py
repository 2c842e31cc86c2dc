"""The worklist's tabs say how much there is, and every line leads where it says."""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from api.desk import worklist
from runtime.embedded.temporal import EmbeddedTemporal
from tests.support import http
from tests.support.databases import Database
from tests.support.http import System, received

VIEWS = ("mine", "unit", "free", "late")


@pytest.fixture(scope="module")
async def system(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A system where anyone may log in as anyone, with three dossiers."""
    async with http.trying_out(module_database, temporal_dev, tmp_path_factory.mktemp("worklist")) as running:
        async with running.client("clerk") as clerk:
            for _ in range(3):
                await received(clerk)
        yield running


@pytest.fixture
async def desk(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """A specialist's browser without scripts."""
    async with httpx.AsyncClient(base_url=system.url, timeout=30, follow_redirects=True) as found:
        assert (await found.post("/login/demo", data={"officer": "lan"})).status_code == 200
        yield found


def _counts(page: str) -> dict[str, str]:
    """What each tab that counts says."""
    return dict(re.findall(r'href="/desk\?view=(\w+)"[^>]*>[^<]*<span class="count[^"]*">([^<]*)</span>', page))


def _lines(page: str) -> int:
    return page.count("<tr class=")


async def test_tabs_count_what_their_lists_show(desk: httpx.AsyncClient) -> None:
    """By the lists' own conditions, before a task is claimed from its line and after."""
    before = _counts((await desk.get("/desk")).text)
    assert set(before) == set(VIEWS)
    assert before["mine"] == "0"
    assert int(before["unit"]) >= 3
    page = (await desk.get("/desk?view=free")).text
    action = re.search(r'action="(/desk/dossiers/[^"]+/act/claim_task[^"]*)"(.*?)</form>', page, re.DOTALL)
    assert action is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', action[2]))
    after = await desk.post(html.unescape(action[1]), data={name: html.unescape(each) for name, each in fields.items()})
    assert after.status_code == httpx.codes.OK
    assert _counts(after.text)["mine"] == "1"
    for view in VIEWS:
        shown = (await desk.get("/desk", params={"view": view})).text
        assert _counts(shown)[view] == str(_lines(shown)), view


async def test_no_tab_counts_without_end(desk: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than the limit is said to be more."""
    monkeypatch.setattr(worklist, "COUNTED", 2)
    counts = _counts((await desk.get("/desk")).text)
    assert counts["unit"] == "2+"
    assert counts["late"] == "0"


async def test_a_stage_where_nothing_lies_is_an_empty_list(desk: httpx.AsyncClient) -> None:
    """Every kind of stage can be asked for."""
    page = (await desk.get("/desk?view=unit&stage=consult")).text
    assert _lines(page) == 0
    assert '<option value="consult" selected>' in page
