"""What every journal promises: one effect per command, a chain without gaps, and an answer for every lost race."""

import asyncio
from collections import Counter
from datetime import datetime
from itertools import pairwise

import msgspec
import pytest

from domain.ids import CommandId, Stream
from domain.record import NO_HASH, Outcome, Record
from store.errors import UnstorableData
from store.hashing import verifies
from store.journal import Journal
from tests.contracts.conftest import Subject
from tests.store.samples import START, a_task, a_view, an_append, an_event

CODE = Stream("H29.12-260302-0001")


async def fill(journal: Journal, commands: int, stream: str = CODE) -> list[Record]:
    """Append ``commands`` commands of one event each; return the stream."""
    stored: list[Record] = []
    for number in range(1, commands + 1):
        answer = await journal.append(an_append(stream, f"c{number}", after=stored))
        assert answer.outcome is Outcome.APPENDED
        stored.extend(answer.records)
    return stored


async def test_appends_and_reads_back_the_same(journal: Journal) -> None:
    """What append returns is what is read later, field by field."""
    answer = await journal.append(an_append(events=3))
    assert answer.outcome is Outcome.APPENDED
    assert await journal.read(CODE) == list(answer.records)
    assert [record.version for record in answer.records] == [1, 2, 3]
    assert [record.ordinal for record in answer.records] == [0, 1, 2]
    assert answer.records[0].occurred_at == an_event(1).occurred_at
    assert answer.records[0].recorded_at == an_event(1).recorded_at


async def test_chain_runs_through_all_appends(journal: Journal) -> None:
    """Each row's prev_hash is the hash of the row before, and every row verifies."""
    stored = await fill(journal, 4)
    assert [record.prev_hash for record in stored] == [NO_HASH, *(record.hash for record in stored[:-1])]
    assert all(verifies(record) for record in stored)
    assert len({record.event_id for record in stored}) == len(stored)
    assert [record.event_id for record in stored] == sorted(record.event_id for record in stored)


async def test_reads_after_a_version(journal: Journal) -> None:
    """Reading after version n starts with n + 1."""
    stored = await fill(journal, 3)
    assert await journal.read(CODE, after_version=2) == stored[2:]
    assert await journal.read(CODE, after_version=3) == []
    assert await journal.read(Stream("H29.12-260302-9999")) == []


async def test_repeated_command_finds_its_rows(journal: Journal) -> None:
    """A command that is sent again gets the rows of the first time, and leaves none."""
    first = await journal.append(an_append(events=2))
    again = await journal.append(an_append(events=2))
    assert again.outcome is Outcome.REPEATED
    assert again.records == first.records
    assert await journal.read(CODE) == list(first.records)


async def test_repeated_command_is_found_from_a_later_version(journal: Journal) -> None:
    """A writer who has folded everything, the command's own rows too, is told that the command is stored already."""
    stored = await fill(journal, 3)
    answer = await journal.append(an_append(command="c2", after=stored))
    assert answer.outcome is Outcome.REPEATED
    assert answer.records == (stored[1],)
    assert await journal.read(CODE) == stored


async def test_command_id_of_another_command_is_reused(journal: Journal) -> None:
    """A command id under which another content is stored is refused, at whatever version it comes."""
    stored = await fill(journal, 2)
    for after in ([], stored[:1], stored):
        answer = await journal.append(an_append(command="c1", after=after, content="something else"))
        assert answer.outcome is Outcome.REUSED
        assert answer.records == ()
    assert await journal.read(CODE) == stored


async def test_same_command_id_in_two_streams_is_two_commands(journal: Journal) -> None:
    """Command ids are unique within a stream only."""
    first = await journal.append(an_append("H29.12-260302-0001", "c1"))
    second = await journal.append(an_append("H29.12-260302-0001/L1", "c1"))
    assert first.outcome is second.outcome is Outcome.APPENDED


async def test_another_writer_makes_a_conflict(journal: Journal) -> None:
    """A writer who has missed rows gets the missing rows, and his own are not stored."""
    stored = await fill(journal, 3)
    answer = await journal.append(an_append(command="mine", after=stored[:1], events=2))
    assert answer.outcome is Outcome.CONFLICT
    assert list(answer.records) == stored[1:]
    retried = await journal.append(an_append(command="mine", after=stored, events=2))
    assert retried.outcome is Outcome.APPENDED
    assert await journal.read(CODE) == [*stored, *retried.records]


async def test_new_stream_that_exists_is_a_conflict(journal: Journal) -> None:
    """Two commands that both think to open the stream: the second learns what the first wrote."""
    stored = await fill(journal, 1)
    answer = await journal.append(an_append(command="mine"))
    assert answer.outcome is Outcome.CONFLICT
    assert list(answer.records) == stored


async def test_writer_of_another_history_is_refused(journal: Journal) -> None:
    """A wrong hash or a version that is not there yet is a conflict without rows: load the stream anew."""
    stored = await fill(journal, 2)
    wrong_hash = msgspec.structs.replace(an_append(command="x", after=stored), prev_hash=b"\x07" * 32)
    ahead = an_append(command="x", after=[*stored, *stored])
    for append in (wrong_hash, ahead):
        answer = await journal.append(append)
        assert answer.outcome is Outcome.CONFLICT
        assert answer.records == ()
    nowhere = an_append("H29.12-260302-0002", "x", after=stored)
    unfounded = msgspec.structs.replace(an_append("H29.12-260302-0002", "x"), prev_hash=b"\x07" * 32)
    for append in (nowhere, unfounded):
        assert (await journal.append(append)).outcome is Outcome.CONFLICT
    assert await journal.read(Stream("H29.12-260302-0002")) == []
    assert await journal.view(Stream("H29.12-260302-0002")) is None


async def test_reads_a_commands_rows(journal: Journal) -> None:
    """A command's rows are found by its id; an unknown id has none."""
    await journal.append(an_append(command="c1", events=2))
    stored = await journal.read(CODE)
    await journal.append(an_append(command="c2", after=stored))
    assert await journal.read_command(CODE, CommandId("c1")) == stored
    assert await journal.read_command(CODE, CommandId("c3")) == []


async def test_writer_reads_his_own_view(journal: Journal) -> None:
    """The read model is there with the append, exactly as it was given, and each append replaces it."""
    tasks = (a_task(2, due=None, officer=None), a_task(1), a_task(3, overdue=True))
    first = await journal.append(an_append(tasks=tasks, ready_at=START))
    assert await journal.view(CODE) == a_view(version=1, tasks=tasks, ready_at=START)
    left = (a_task(3, overdue=True, officer="hoa"), a_task(4))
    await journal.append(an_append(command="c2", after=first.records, tasks=left))
    assert await journal.view(CODE) == a_view(version=2, tasks=left)
    await journal.append(an_append(command="c3", after=await journal.read(CODE), tasks=()))
    assert await journal.view(CODE) == a_view(version=3, tasks=())


async def test_lost_append_leaves_the_view_alone(journal: Journal) -> None:
    """Neither a conflict nor a repeat touches the read models."""
    await fill(journal, 2)
    before = await journal.view(CODE)
    await journal.append(an_append(command="mine", applicant="someone else", tasks=()))
    await journal.append(an_append(command="c1", applicant="someone else", tasks=()))
    assert await journal.view(CODE) == before


async def test_global_order_is_dense_and_keeps_each_streams_order(subject: Subject) -> None:
    """Positions count 1, 2, 3, ...; a stream's rows stand in it in their order; pages follow on each other."""
    for number in range(1, 4):
        await fill(subject.journal, 3, f"H29.12-260302-000{number}")
    await subject.settle()
    everything = await subject.journal.read_all()
    assert [row.position for row in everything] == list(range(1, 10))
    for number in range(1, 4):
        stream = Stream(f"H29.12-260302-000{number}")
        assert [row.record for row in everything if row.record.stream == stream] == await subject.journal.read(stream)
    assert await subject.journal.read_all(after_position=4, limit=2) == everything[4:6]
    assert await subject.journal.read_all(after_position=9) == []


async def test_lists_streams_in_byte_order(journal: Journal) -> None:
    """Heads are listed page by page in the order of bytes, with version and hash of the last row."""
    names = ["H29-260302-0001", "H29-260302-0001/L1", "H29.12-260302-0001", "G12-260302-0001"]
    for name in names:
        await fill(journal, 2, name)
    heads = await journal.heads()
    assert [head.stream for head in heads] == sorted(names, key=str.encode)
    assert await journal.heads(after=heads[1].stream, limit=1) == [heads[2]]
    last = (await journal.read(heads[0].stream))[-1]
    assert (heads[0].version, heads[0].hash) == (2, last.hash)


async def test_equal_commands_sent_at_once_take_effect_once(journal: Journal) -> None:
    """Of many equal appends at one moment one is stored and all others are told so; no error, whichever wins."""
    append = an_append(events=2)
    answers = await asyncio.gather(*(journal.append(append) for _ in range(20)))
    assert Counter(answer.outcome for answer in answers) == {Outcome.APPENDED: 1, Outcome.REPEATED: 19}
    stored = tuple(await journal.read(CODE))
    assert all(answer.records == stored for answer in answers)


async def test_different_commands_sent_at_once_are_put_in_order(journal: Journal) -> None:
    """Writers who race fold what they missed and try again; each command has one effect, the chain no gaps."""
    await fill(journal, 1)

    async def write(command: str) -> int:
        known = await journal.read(CODE)
        for attempt in range(100):
            answer = await journal.append(an_append(command=command, after=known, events=2))
            if answer.outcome is not Outcome.CONFLICT:
                assert answer.outcome is Outcome.APPENDED
                return attempt
            known = [*known, *answer.records]
        pytest.fail("a writer never got through")

    await asyncio.gather(*(write(f"w{number}") for number in range(12)))
    stored = await journal.read(CODE)
    assert [record.version for record in stored] == list(range(1, 26))
    assert all(later.prev_hash == earlier.hash for earlier, later in pairwise(stored))
    assert set(Counter(record.command_id for record in stored[1:]).values()) == {2}
    view = await journal.view(CODE)
    assert view is not None
    assert view.version == 25


async def test_refuses_an_append_that_contradicts_itself(journal: Journal) -> None:
    """A defect of the caller is an error and leaves nothing."""
    good = an_append()
    broken = [
        msgspec.structs.replace(good, events=()),
        msgspec.structs.replace(good, prev_hash=b""),
        msgspec.structs.replace(good, command_digest=b""),
        msgspec.structs.replace(good, command_id=CommandId("")),
        msgspec.structs.replace(good, view=a_view("H29.12-260302-0009")),
        msgspec.structs.replace(good, view=a_view(version=7)),
        msgspec.structs.replace(good, events=(an_event(recorded_at=datetime(2026, 3, 2)),)),  # noqa: DTZ001
    ]
    for append in broken:
        with pytest.raises(ValueError, match=r"."):
            await journal.append(append)
    assert await journal.read(CODE) == []


@pytest.mark.parametrize("data", [b'{"note":"\\u0000"}', b'{"n":9007199254740993}', b'{"n":', b"[]", b"null"])
async def test_refuses_data_that_cannot_be_stored(journal: Journal, data: bytes) -> None:
    """What has no certain form is refused by a stable code, and nothing is stored."""
    append = msgspec.structs.replace(an_append(), events=(an_event(data=msgspec.Raw(data)),))
    with pytest.raises(UnstorableData):
        await journal.append(append)
    assert await journal.read(CODE) == []


async def test_refuses_nul_in_any_text(journal: Journal) -> None:
    """NUL in a field beside the data is refused too."""
    for append in (
        msgspec.structs.replace(an_append(), events=(an_event(actor="a\x00b"),)),
        an_append(command="c\x00"),
        an_append(applicant="A\x00"),
    ):
        with pytest.raises(UnstorableData):
            await journal.append(append)
    assert await journal.read(CODE) == []


@pytest.mark.parametrize("events", [1, 5])
@pytest.mark.parametrize("size", [0, 1, 4])
async def test_any_number_of_events_and_tasks(journal: Journal, events: int, size: int) -> None:
    """Appends of any shape are stored and read back alike."""
    tasks = tuple(a_task(number) for number in range(size))
    answer = await journal.append(an_append(events=events, tasks=tasks))
    assert await journal.read(CODE) == list(answer.records)
    assert await journal.view(CODE) == a_view(version=events, tasks=tasks)
