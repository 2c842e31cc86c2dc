"""Payloads: our Structs travel through Temporal and the sandbox and come back as themselves."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.worker import Worker

from domain.authority import Authority, AuthorityKind, Level
from domain.ids import AuthorityId
from runtime import temporal
from runtime.embedded import ports
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.errors import SettingError
from runtime.settings import Settings
from tests.support.echo_workflow import Echo
from tests.support.parcel import Parcel

COMMUNE = Authority(id=AuthorityId("X1"), level=Level.COMMUNE, kind=AuthorityKind.ONE_STOP, name="Xã Khánh Bình")
CONVERTER = temporal.DATA_CONVERTER.payload_converter
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


async def test_structs_cross_the_sandbox(temporal_dev: EmbeddedTemporal) -> None:
    """Start, update and result keep every field, and the sandbox uses the process's own types."""
    client = await temporal.connect(Settings(temporal_address=temporal_dev.address))
    sent = Parcel(COMMUNE, datetime(2026, 3, 2, 1, 10, tzinfo=UTC), msgspec.Raw(b'{"n":1}'))
    runner = temporal.workflow_runner(passed_through=["tests.support.parcel"])
    async with Worker(client, task_queue="echo", workflows=[Echo], workflow_runner=runner):
        handle = await client.start_workflow(Echo.run, sent, id="echo", task_queue="echo")
        assert await handle.execute_update("tell", (COMMUNE,), result_type=tuple[Authority, ...]) == (COMMUNE,)
        got = await handle.result()
    assert (got.authority, got.at) == (sent.authority, sent.at)
    assert bytes(got.content) == b'{"n":1}'


@given(JSON)
def test_plain_values_round_trip(value: object) -> None:
    """Values without a type hint come back equal."""
    assert CONVERTER.from_payloads(CONVERTER.to_payloads([value])) == [value]


def test_data_that_do_not_fit_the_type_are_refused() -> None:
    """A payload of another shape is an error, never a half-filled Struct."""
    payloads = CONVERTER.to_payloads([{"id": "X1", "level": "kingdom", "kind": "one_stop"}])
    with pytest.raises(msgspec.ValidationError, match="level"):
        CONVERTER.from_payloads(payloads, [Authority])


async def test_an_absent_server_is_named() -> None:
    """The error says which address, not how the transport failed."""
    address = f"127.0.0.1:{ports.free_port()}"
    with pytest.raises(temporal.TemporalUnavailable, match=f"{address} does not answer"):
        await temporal.connect(Settings(temporal_address=address))


async def test_a_missing_address_is_a_setting_error() -> None:
    """Nothing is guessed."""
    with pytest.raises(SettingError, match="MOTCUA_TEMPORAL_ADDRESS is not set"):
        await temporal.connect(Settings())
