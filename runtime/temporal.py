"""Temporal's client: connection, payloads in msgspec's JSON, and the sandbox in which our workflows run."""

import dataclasses
import functools
import threading
from collections.abc import Iterable
from typing import Any

import msgspec
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, GrpcCompression, Interceptor
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
    JSONProtoPayloadConverter,
)
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from runtime.errors import OperationalError
from runtime.settings import Settings
from runtime.temporal_encryption import EncryptionCodec
from runtime.temporal_tls import tls_of
from runtime.tracing import Tracing
from runtime.wrapping import read_wrapping_keys

PASSED_THROUGH = (
    "domain",
    "msgspec",
    "activities",
    "catalogue",
    "runtime",
    "store",
    "workflows.messages",
    "workflows.options",
)
"""Modules that workflows share with the process instead of loading them anew for each run.

The sandbox does not guard what it passes through: purity of ``domain`` is linted instead (tests/architecture), and of
the others workflows use only types and constants. Message types must live in one of them: within the sandbox a
field's ``datetime`` is a stand-in that msgspec does not know.
"""
_LEARNING = threading.Lock()
ANY_JSON = msgspec.json.Decoder(Any)


class TemporalUnavailable(OperationalError):
    """Temporal cannot be reached; the message names the address."""


class MsgspecJsonConverter(EncodingPayloadConverter):
    """``json/plain`` payloads by msgspec: Structs and plain values, decoded by the type hint where there is one."""

    @property
    def encoding(self) -> str:
        """The payload's ``encoding`` metadata."""
        return "json/plain"

    def to_payload(self, value: Any) -> Payload | None:  # noqa: ANN401  # the SDK's signature
        """Encode any value that msgspec knows; raise TypeError for others."""
        return Payload(metadata={"encoding": b"json/plain"}, data=msgspec.json.encode(value))

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:  # noqa: ANN401  # the SDK's signature
        """Decode strictly by ``type_hint``; raise msgspec.ValidationError where the data do not fit it."""
        return _decoder(type_hint).decode(payload.data) if type_hint else ANY_JSON.decode(payload.data)


class MsgspecPayloadConverter(CompositePayloadConverter):
    """The SDK's converters, with msgspec in the place of its JSON."""

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            JSONProtoPayloadConverter(),
            BinaryProtoPayloadConverter(),
            MsgspecJsonConverter(),
        )


DATA_CONVERTER = DataConverter(payload_converter_class=MsgspecPayloadConverter)
"""For every client and worker, tests included: ``WorkflowEnvironment.start_time_skipping(data_converter=…)``."""


def converter_of(settings: Settings) -> DataConverter:
    """The converter of these settings, with the encryption they ask for; raise SettingError where that has no keys."""
    if not settings.temporal_encryption:
        return DATA_CONVERTER
    return dataclasses.replace(
        DATA_CONVERTER,
        payload_codec=EncryptionCodec(read_wrapping_keys(settings.wrapping_key_file)),
        # Messages and stack traces of failures would otherwise stand in history as they are.
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Settings, *, lazy: bool = False, namespace: str | None = None) -> Client:
    """Connect to the Temporal of these settings; raise TemporalUnavailable where it does not answer.

    A ``lazy`` client connects at its first call: for processes that must start while Temporal is away. Workers need one
    that is connected. ``namespace`` overrides the settings' one.
    """
    address = settings.require_temporal()
    try:
        return await Client.connect(
            address,
            namespace=namespace or settings.temporal_namespace,
            data_converter=converter_of(settings),
            tls=tls_of(settings),
            interceptors=_interceptors(),
            lazy=lazy,
            runtime=_runtime(settings),
            # Payloads are small and the server near: compressing costs more than it saves.
            grpc_compression=GrpcCompression.NONE,
        )
    except RuntimeError as error:
        message = (
            f"Temporal at {address} does not answer; start it, or correct MOTCUA_TEMPORAL_ADDRESS "
            "or the MOTCUA_TEMPORAL_TLS settings"
        )
        raise TemporalUnavailable(message) from error


async def ping(client: Client) -> None:
    """Return when Temporal answers and knows the client's namespace; raise TemporalUnavailable with the reason."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, retry=False)
    except (RPCError, RuntimeError) as error:  # the latter from a lazy client that has never connected
        raise TemporalUnavailable(" ".join(str(error).split())) from error


def workflow_runner(passed_through: Iterable[str] = ()) -> SandboxedWorkflowRunner:
    """Return the sandbox for our workflows; ``passed_through`` are further modules to share with the process."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH, *passed_through)
    )


def prepare(*message_types: object) -> None:
    """Build the decoders of these types now, in the calling thread, before a worker's threads need them.

    msgspec keeps what it learns of a Struct on the class while it is still learning: two threads that meet a type for
    the first time at once crash the process. What is known whole is safe to share.
    """
    for message_type in message_types:
        _decoder(message_type)


def _decoder(type_hint: object) -> msgspec.json.Decoder[Any]:
    with _LEARNING:
        return _known_decoder(type_hint)


@functools.lru_cache(maxsize=512)
def _known_decoder(type_hint: object) -> msgspec.json.Decoder[Any]:
    # Bounded: a type defined inside a sandboxed module is another one in each run.
    return msgspec.json.Decoder(type_hint)


def _interceptors() -> list[Interceptor]:
    """What carries a trace along with every call, into workers too; nothing where tracing is off."""
    if not Tracing.on:
        return []
    from runtime.temporal_tracing import RequestTracing  # noqa: PLC0415  # slow to import, seldom needed

    return [RequestTracing()]


def _runtime(settings: Settings) -> Runtime | None:
    if settings.sdk_metrics_port is None:
        return None
    return _reporting(f"{settings.metrics_host}:{settings.sdk_metrics_port}")


@functools.lru_cache(maxsize=1)
def _reporting(address: str) -> Runtime:
    # Cached: a second runtime of the process could not listen on the same address.
    metrics = PrometheusConfig(
        bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))
