"""Temporal in other hands: what it keeps is encrypted, and it is reached by mutual TLS."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.worker import Worker

from runtime import temporal
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.errors import SettingError
from runtime.settings import Settings
from runtime.temporal_encryption import EncryptionCodec, UnreadablePayload
from runtime.wrapping import name_of
from tests.runtime.test_temporal import COMMUNE
from tests.support.echo_workflow import Echo
from tests.support.parcel import Parcel
from tests.support.tls_front import NAME, Papers, issue, tls_front

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
SECRET = "Nguyễn Thị Bí Mật"
PAYLOAD = Payload(metadata={"encoding": b"json/plain"}, data=SECRET.encode())


@pytest.fixture
def encrypted(temporal_dev: EmbeddedTemporal, tmp_path: Path) -> Settings:
    """Settings with encryption, and a file of keys."""
    file = tmp_path / "wrapping-keys"
    file.write_text(NEW.hex())
    return Settings(temporal_address=temporal_dev.address, temporal_encryption=True, wrapping_key_file=file)


async def test_nothing_readable_stands_in_history(encrypted: Settings) -> None:
    """Arguments, updates and results are ciphertext to Temporal and themselves to us."""
    client = await temporal.connect(encrypted)
    sent = Parcel(msgspec.structs.replace(COMMUNE, name=SECRET), datetime(2026, 3, 2, tzinfo=UTC), msgspec.Raw(b"{}"))
    runner = temporal.workflow_runner(passed_through=["tests.support.parcel"])
    async with Worker(client, task_queue="secret", workflows=[Echo], workflow_runner=runner):
        handle = await client.start_workflow(Echo.run, sent, id="secret", task_queue="secret")
        await handle.execute_update("tell", (sent.authority,))
        assert (await handle.result()).authority == sent.authority
    stored = [event async for event in handle.fetch_history_events()]
    assert all(SECRET.encode() not in event.SerializeToString() for event in stored)
    assert {payload.metadata["encoding"] for payload in _inputs(stored)} == {b"binary/encrypted"}


def _inputs(events: list[HistoryEvent]) -> list[Payload]:
    started = events[0].workflow_execution_started_event_attributes
    return list(started.input.payloads)


async def test_keys_change_and_what_was_plain_is_still_read() -> None:
    """A new key in front of the old one; runs begun before encryption was turned on go on."""
    before = await EncryptionCodec({name_of(OLD): OLD}).encode([PAYLOAD])
    both = EncryptionCodec({name_of(NEW): NEW, name_of(OLD): OLD})
    assert await both.decode([*before, PAYLOAD]) == [PAYLOAD, PAYLOAD]
    [after] = await both.encode([PAYLOAD])
    assert after.metadata["encryption-key"] == name_of(NEW).encode()
    with pytest.raises(UnreadablePayload, match="MOTCUA_WRAPPING_KEY_FILE"):
        await EncryptionCodec({name_of(OLD): OLD}).decode([after])


@pytest.mark.parametrize("cut", [slice(0, 4), slice(0, -1), slice(1, None)])
async def test_an_altered_payload_is_told_from_a_whole_one(cut: slice) -> None:
    """Never half a value."""
    codec = EncryptionCodec({name_of(NEW): NEW})
    [whole] = await codec.encode([PAYLOAD])
    with pytest.raises(UnreadablePayload, match="altered"):
        await codec.decode([Payload(metadata=whole.metadata, data=whole.data[cut])])


async def test_encryption_without_keys_is_a_setting_error(temporal_dev: EmbeddedTemporal) -> None:
    """It is never left out silently."""
    with pytest.raises(SettingError, match="MOTCUA_WRAPPING_KEY_FILE"):
        await temporal.connect(Settings(temporal_address=temporal_dev.address, temporal_encryption=True))


async def test_mutual_tls(temporal_dev: EmbeddedTemporal, tmp_path: Path) -> None:
    """With the authority and a certificate of ours we are let in; without the certificate we are not."""
    papers = issue(tmp_path)
    async with tls_front(temporal_dev.port, papers) as address:
        chosen = Settings(temporal_address=address, temporal_tls_ca_file=papers.authority, temporal_tls_domain=NAME)
        with pytest.raises(temporal.TemporalUnavailable, match="MOTCUA_TEMPORAL_TLS"):
            await temporal.connect(chosen)
        await temporal.ping(await temporal.connect(_with_certificate(chosen, papers)))
        with pytest.raises(temporal.TemporalUnavailable):
            await temporal.connect(Settings(temporal_address=address))


def _with_certificate(settings: Settings, papers: Papers) -> Settings:
    client = papers.client
    return msgspec.structs.replace(
        settings, temporal_tls_cert_file=client.certificate, temporal_tls_key_file=client.key
    )


async def test_half_a_configuration_is_refused_by_name(tmp_path: Path) -> None:
    """A certificate without its key, a file that is not there, one that is no certificate."""
    papers = issue(tmp_path)
    (tmp_path / "empty").touch()
    for wrong, variable in (
        ({"temporal_tls_cert_file": papers.client.certificate}, "MOTCUA_TEMPORAL_TLS_KEY_FILE is not set"),
        ({"temporal_tls_key_file": papers.client.key}, "MOTCUA_TEMPORAL_TLS_CERT_FILE is not set"),
        ({"temporal_tls_ca_file": tmp_path / "absent"}, "MOTCUA_TEMPORAL_TLS_CA_FILE names"),
        ({"temporal_tls_ca_file": tmp_path / "empty"}, "no PEM file"),
    ):
        with pytest.raises(SettingError, match=variable):
            await temporal.connect(msgspec.structs.replace(Settings(temporal_address="127.0.0.1:1"), **wrong))
