"""What Prometheus is told, as it is told: over HTTP, exact over restarts, honest while the database is away.

What is away is told as ops/runbooks/metrics-away.md says.
"""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from domain.authority import Authority, AuthorityKind, Level
from domain.dossier import commands as c
from runtime.embedded import ports
from runtime.embedded.postgres import TEST_OPTIONS, EmbeddedPostgres
from runtime.errors import PortTaken
from runtime.metrics import METRICS, Kind
from runtime.settings import Settings
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.projections.lateness import Lateness
from store.projections.projector import Projector
from store.projections.rebuild import rebuild
from store.references import Kind as Reference
from store.references import References
from store.sequencer import Sequencer
from tests.domain.dossier.samples import FOUR_STEPS, S1, X1, link, rules
from tests.support import databases
from tests.support.databases import Database
from tests.support.lives import Lives
from tests.support.references import keep
from workers import metrics

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
ALLOWED_LABELS = {
    *(
        "authority",
        "field",
        "level",
        "timeliness",
        "stage",
        "holder",
        "missing",
        "le",
        "kind",
        "purpose",
        "state",
        "where",
        "cause",
    )
}
WHO = {"authority": "X1", "field": "hộ tịch", "level": "commune"}
RULES = rules(field="hộ tịch")
LINKED = rules(*FOUR_STEPS[:2], link("L1"), *FOUR_STEPS[2:], field="đất đai", id="P2")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The metrics process on a free port, and a client for it."""
    port = ports.free_port()
    task = asyncio.ensure_future(metrics.main(Settings(database_url=database.app_url, metrics_port=port)))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            async with asyncio.timeout(20):
                while not task.done() and not ports.accepts(port):  # noqa: ASYNC110  # the port is all that tells
                    await asyncio.sleep(0.02)
            assert not task.done(), task.exception()
            yield client
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def scrape(client: httpx.AsyncClient) -> Samples:
    """All samples of a scrape."""
    answer = await client.get("/metrics")
    assert answer.status_code == HTTPStatus.OK, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """One sample of the authority of these tests; none where it is not told."""
    return samples.get((name, frozenset({**WHO, **labels}.items())))


async def project(pool: Pool) -> None:
    """Let the projections catch up."""
    while await Sequencer(pool).step():
        pass
    await Projector(pool).catch_up()


async def a_month(pool: Pool) -> Lives:
    """Dossiers early, on time, late, keyed late, open and linked."""
    references = References(pool)
    for name, level in ((X1, Level.COMMUNE), (S1, Level.PROVINCE)):
        authority = Authority(name, level, AuthorityKind.DEPARTMENT)
        await references.publish(Reference.AUTHORITY, name, authority, date(2020, 1, 1))
    await keep(pool, RULES)
    await keep(pool, LINKED)
    lives = Lives(PostgresJournal(pool), RULES)
    for stream in ("H29-early", "H29-on-time", "H29-late", "H29-keyed", "H29-open"):
        await lives.receive(stream, "2026-03-02T08:10+07:00")
    await lives.receive("H29-linked", "2026-03-02T08:10+07:00", rules=LINKED)
    await lives.do("H29-linked", "2026-03-03T09:00+07:00", c.CompleteTask("appraise"))
    await lives.finish("H29-early", "2026-03-05T09:00+07:00")
    await lives.finish("H29-on-time", "2026-03-12T17:00+07:00")
    await lives.finish("H29-late", "2026-03-16T09:00+07:00")
    await lives.finish("H29-keyed", "2026-03-16T10:00+07:00", occurred_at="2026-03-12T16:00+07:00")
    await project(pool)
    return lives


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The test's database."""
    async with Pool(database.app_url) as opened:
        yield opened


async def test_tells_what_was_counted(database: Database, pool: Pool) -> None:
    """Every figure of a small month, by authority, field and level."""
    await a_month(pool)
    async with serving(database) as client:
        samples = await scrape(client)
    assert value(samples, "motcua_dossiers_received_total") == 5
    resolved = {t: value(samples, "motcua_dossiers_resolved_total", timeliness=t) for t in ("early", "on_time", "late")}
    assert resolved == {"early": 1, "on_time": 2, "late": 1}
    assert value(samples, "motcua_dossiers_overdue_total") == 3  # the open one, the late one, and the one keyed late
    assert value(samples, "motcua_keyed_late_total") == 1
    assert value(samples, "motcua_dossiers_late_without_apology_total") == 1
    assert value(samples, "motcua_dossier_lateness_working_hours_count") == 1
    assert value(samples, "motcua_dossier_lateness_working_hours_sum") == 9
    buckets = [value(samples, "motcua_dossier_lateness_working_hours_bucket", le=le) for le in ("8.0", "16.0", "+Inf")]
    assert buckets == [0, 1, 1]
    open_now = [value(samples, "motcua_dossiers_open", timeliness=t) for t in ("within", "overdue")]
    assert sum(number or 0 for number in open_now) == 1
    linked = {"authority": "S1", "field": "đất đai", "level": "province"}
    assert value(samples, "motcua_link_unacknowledged", **linked) == 1
    assert value(samples, "motcua_link_parts_received_total", **linked) == 1
    assert value(samples, "motcua_dossiers_received_total", **linked) is None
    assert samples["motcua_projection_lag_events", frozenset()] == 0
    assert samples["motcua_sequencer_lag_seconds", frozenset()] == 0


async def test_the_first_of_all_is_an_increase(database: Database, pool: Pool) -> None:
    """Where dossiers were received, what may be alerted on is told from 0 on."""
    await a_month(pool)
    async with serving(database) as client:
        samples = await scrape(client)
    field = {"field": "đất đai"}
    assert value(samples, "motcua_dossiers_resolved_total", timeliness="late", **field) == 0
    assert value(samples, "motcua_keyed_late_total", **field) == 0


async def test_exact_over_restarts_repeats_and_rebuilds(database: Database, pool: Pool) -> None:
    """The same figures from another process, after the events were gone through again, and after a rebuild."""
    await a_month(pool)
    async with serving(database) as client:
        first = _counters(await scrape(client))
    assert len(first) > 20
    await project(pool)
    await rebuild(database.url, Lateness())
    async with serving(database) as client:
        assert _counters(await scrape(client)) == first


async def test_no_label_holds_a_dossier_or_a_person(database: Database, pool: Pool) -> None:
    """Only the labels that the contract names, and none of the names that the events know."""
    lives = await a_month(pool)
    async with serving(database) as client:
        samples = await scrape(client)
        text = (await client.get("/metrics")).text
    assert {label for _, labels in samples for label, _ in labels} <= ALLOWED_LABELS
    for stream in lives.streams():
        assert f'"{stream}"' not in text
    assert "lan" not in {value for _, labels in samples for _, value in labels}


async def test_tells_every_metric_as_documented(database: Database, pool: Pool) -> None:
    """The document has one section for each metric that is told, with its kind and labels, and no other."""
    await a_month(pool)
    async with serving(database) as client:
        families = list(text_string_to_metric_families((await client.get("/metrics")).text))
    told = {family.name + ("_total" if family.type == "counter" else ""): family.type for family in families}
    assert told == {metric.name: metric.kind.value for metric in METRICS}
    documented = {
        name: (section["Kind"], tuple(re.findall(r"`(\w+)`", section["Labels"]))) for name, section in sections()
    }
    assert [*documented.items()][: len(METRICS)] == [
        (metric.name, (metric.kind.value, metric.labels)) for metric in METRICS
    ]


async def test_promtool_takes_what_is_told(database: Database, pool: Pool, tmp_path: Path) -> None:
    """Prometheus's own linter has nothing to say about the exposition and can parse every documented query."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool (Debian's package prometheus): the exposition and the queries are not linted")
    await a_month(pool)
    async with serving(database) as client:
        text = (await client.get("/metrics")).text
    linted = subprocess.run(  # noqa: ASYNC221  # a moment
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    # Working hours are no multiple of seconds: the names are the contract's.
    said = [line for line in linted.stderr.splitlines() if 'use base unit "seconds" instead of "hours"' not in line]
    assert said == []
    queries = [{"record": f"query:{name}", "expr": section["Query"].strip("`")} for name, section in sections()]
    rules_file = tmp_path / "queries.yml"
    rules_file.write_text(yaml.safe_dump({"groups": [{"name": "documented", "rules": queries}]}))
    checked = subprocess.run(  # noqa: ASYNC221
        [promtool, "check", "rules", str(rules_file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


async def test_answers_what_it_is_asked(database: Database) -> None:
    """Prometheus's text, OpenMetrics where that is preferred, the health of the process; nothing else."""
    async with serving(database) as client:
        assert (await client.get("/metrics")).headers["content-type"].startswith("text/plain; version=")
        opened = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert opened.headers["content-type"].startswith("application/openmetrics-text")
        assert opened.text.endswith("# EOF\n")
        assert (await client.head("/metrics")).content == b""
        assert (await client.get("/healthz")).text == "ok\n"
        assert (await client.get("/other")).status_code == HTTPStatus.NOT_FOUND
        assert (await client.post("/metrics")).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        answers = await asyncio.gather(*(client.get("/metrics") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {HTTPStatus.OK}


async def test_a_taken_port_is_named(database: Database) -> None:
    """The process ends with a sentence."""
    async with serving(database) as client:
        port = client.base_url.port
        assert port is not None
        with pytest.raises(PortTaken, match=f"port {port} for metrics is taken"):
            await metrics.main(Settings(database_url=database.app_url, metrics_port=port))


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may kill."""
    server = EmbeddedPostgres(tmp_path / "postgres", port=ports.free_port(), options=TEST_OPTIONS)
    server.start()
    yield server
    server.stop()


async def test_while_the_database_is_away_nothing_is_told(mortal: EmbeddedPostgres) -> None:
    """503, not zeros and not what was true before; figures again as soon as the database is back."""
    databases.build_template(mortal)
    database = databases.clone(mortal)
    async with serving(database) as client:
        assert (await client.get("/metrics")).status_code == HTTPStatus.OK
        mortal.kill()
        assert (await client.get("/metrics")).status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert (await client.get("/healthz")).status_code == HTTPStatus.OK
        mortal.start()
        async with asyncio.timeout(30):
            while (await client.get("/metrics")).status_code != HTTPStatus.OK:  # noqa: ASYNC110  # another process's doing
                await asyncio.sleep(0.1)


def _counters(samples: Samples) -> Samples:
    """The samples that are counted from events."""
    gauges = {metric.name for metric in METRICS if metric.kind is Kind.GAUGE}
    return {key: number for key, number in samples.items() if key[0] not in gauges}


def sections() -> Iterator[tuple[str, dict[str, str]]]:
    """The document's sections: the metric's name, and its facts by their names."""
    for section in re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        name = section.partition("\n")[0].strip("`")
        facts = re.findall(r"^- (\w+)(?: \([^)]*\))?: (.+)$", section, flags=re.MULTILINE)
        yield name, dict(facts)
