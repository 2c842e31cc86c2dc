"""A front of Temporal's server that speaks TLS and asks for the client's certificate, as a cluster's front-end does."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runtime.embedded.ports import LOOPBACK

NAME = "temporal.test"
"""The name in the server's certificate."""


class Identity(msgspec.Struct, frozen=True):
    """A certificate with its key, as PEM files."""

    certificate: Path
    key: Path


class Papers(msgspec.Struct, frozen=True):
    """An authority, and what it issued to the server and to a client."""

    authority: Path
    server: Identity
    client: Identity


def issue(directory: Path) -> Papers:
    """Make an authority that lives for an hour, and its two certificates."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    root = _builder(name, name, key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    certificate = root.sign(key, hashes.SHA256())
    authority = directory / "authority.pem"
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Papers(
        authority, _issued(directory, "server", certificate, key), _issued(directory, "client", certificate, key)
    )


@contextlib.asynccontextmanager
async def tls_front(backend_port: int, papers: Papers) -> AsyncIterator[str]:
    """Its address; whoever shows no certificate of the authority is turned away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.server.certificate, papers.server.key)
    context.load_verify_locations(papers.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, to_behind = await asyncio.open_connection(LOOPBACK, backend_port)
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, to_behind))
            group.create_task(_pump(behind, writer))

    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=context)
    async with server:
        yield f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while content := await source.read(65536):
            sink.write(content)
            await sink.drain()
    sink.close()


def _issued(
    directory: Path, kind: str, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kind)])
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ip_address(LOOPBACK))])
    builder = _builder(name, authority.subject, key.public_key()).add_extension(names, critical=False)
    identity = Identity(directory / f"{kind}.pem", directory / f"{kind}-key.pem")
    identity.certificate.write_bytes(
        builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    identity.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return identity


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
    )
