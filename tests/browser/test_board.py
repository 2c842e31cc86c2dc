"""Public figures add up, are the same for people and for programs, and each leads to its definition."""

import re

from playwright.sync_api import Page, expect

from api.desk.board import Line, ranked
from domain.ids import AuthorityId
from store.board import BoardRow
from tests.browser.conftest import Opens
from tests.browser.paths import CLERK, LEADER, SPECIALIST, act, receive, show
from tests.browser.system import System, another_api, client


def test_equal_shares_share_a_rank() -> None:
    """The next rank counts all before it; who has resolved nothing stands below who was always late."""
    figures = {"Hai": (9, 1), "An": (9, 1), "Tư": (0, 3), "Không": (0, 0), "Một": (5, 0)}
    lines = [_line(name, *one) for name, one in figures.items()]
    assert [(line.name, line.rank) for line in ranked(lines)] == [
        ("Một", 1),
        ("An", 2),
        ("Hai", 2),
        ("Tư", 4),
        ("Không", 0),
    ]


def _line(name: str, in_time: int, late: int) -> Line:
    row = BoardRow(AuthorityId(name), in_time + late, 0, 0, 0, in_time, late, 0, 0, (0,) * 5, 0)
    whole = in_time + late
    return Line(name, row, 100 * late / whole, 100 * in_time / whole) if whole else Line(name, row)


def test_every_figure_leads_to_its_definition(opens: Opens, system: System) -> None:
    """Every head of every table and box, in both languages; no definition is there for nothing."""
    receive(opens(CLERK), "Đàm Thị Bảng", "0944000222")
    # Figures are kept for half a minute; a process that was not there before has kept none.
    with another_api(system) as fresh:
        for language in ("vi-VN", "en-GB"):
            page = opens(language=language, scripts=False)
            page.goto(f"{fresh.url}/board")
            heads = page.locator("main thead th, main .figures dt")
            linked = page.locator("main thead th a, main .figures dt a")
            assert heads.count() == linked.count() > 10
            named = {str(one.get_attribute("href")) for one in page.locator('main a[href^="#d-"]').all()}
            defined = {f"#{one.get_attribute('id')}" for one in page.locator(".definitions dt").all()}
            assert named == defined
            linked.first.click()
            expect(page.locator(".definitions dt:target")).to_be_visible()


def test_the_league_is_the_same_for_programs(opens: Opens, system: System) -> None:
    """In order of its ranks; the figures of each authority and of all add up."""
    _resolved(opens)
    # Figures are kept for half a minute; a process that was not there before has kept none.
    with another_api(system) as fresh, client(fresh) as browser:
        page = browser.get("/board").text
        data = browser.get("/board.json").json()
    for one in (data["total"], *data["authorities"]):
        assert one["received"] + one["carried_over"] == one["resolved"] + one["open"]
        assert one["resolved"] == one["early"] + one["on_time"] + one["late"]
        assert (one["on_time_percent"] is None) is (one["resolved"] == 0)
    league = data["league"]
    table = re.findall(r'<tr><td class="number">([^<]+)</td><th scope="row">([^<]+)</th>', page)
    assert table == [(str(one["rank"] or "—"), one["name"]) for one in league]
    ranked = [one for one in league if one["rank"]]
    assert ranked
    assert [one["rank"] for one in ranked] == sorted(one["rank"] for one in ranked)
    assert all(one["resolved"] == 0 and one["on_time_percent"] is None for one in league[len(ranked) :])
    for address in data["definitions"].values():
        assert f'id="{address.partition("#")[2]}"' in page


def _resolved(opens: Opens) -> None:
    """One dossier more that has its result."""
    pages: dict[str, Page] = {name: opens(name) for name in (CLERK, LEADER, SPECIALIST)}
    code = receive(pages[CLERK], "Đàm Thị Bảng", "0944000222")
    for name in (LEADER, SPECIALIST, LEADER):
        show(pages[name], code)
        act(pages[name], "forward")
    act(pages[LEADER], "issue_result", number="9/GP-SXD")
