"""An OpenID Connect provider over real HTTP that keeps the protocol, except for what a test tells it to lie about."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

CLIENT: Final = "motcua-desk"
SECRET: Final = "a secret of the client"  # a test's
KID: Final = "k1"
LIFETIME_SECONDS: Final = 300
KEYS: Final[dict[str, Any]] = {
    "RS256": RSAKey.generate_key(2048, {"kid": KID}),
    "PS256": RSAKey.generate_key(2048, {"kid": KID}),
    "ES256": ECKey.generate_key("P-256", {"kid": KID}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": KID}),
}
"""The provider's keys by what they sign with; making one takes a while."""
Claims = dict[str, Any]
Asked = dict[str, str]


class Provider:
    """What it says, each part of which a test may put another in the place of."""

    def __init__(self, issuer: str) -> None:
        """At this address."""
        self.issuer = issuer
        self.codes: dict[str, Asked] = {}
        self.tell_the_truth()

    def tell_the_truth(self) -> None:
        """Forget all lies."""
        self.officer = "clerk"
        self.algorithm = "RS256"
        self.claims: Callable[[Claims], Claims] = lambda honest: honest
        self.sign: Callable[[Claims], str] = self.signed
        self.tokens: Callable[[str], bytes] = lambda token: json.dumps({"id_token": token}).encode()
        self.keys: Callable[[], bytes] = self._public_keys
        self.configuration: Callable[[dict[str, Any]], dict[str, Any]] = lambda honest: honest

    def signed(self, claims: Claims) -> str:
        """A token as it should be."""
        return jwt.encode({"alg": self.algorithm, "kid": KID}, claims, KEYS[self.algorithm], [self.algorithm])

    def _public_keys(self) -> bytes:
        return json.dumps({"keys": [KEYS[self.algorithm].as_dict(private=False)]}).encode()

    def described(self) -> bytes:
        """Where its parts are."""
        honest = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return json.dumps(self.configuration(honest)).encode()

    def authorised(self, asked: Asked) -> str:
        """Where the browser goes back to: the officer has said who he is."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def exchanged(self, given: Asked, authorization: str) -> bytes | None:
        """The tokens for a code (none: refused), once, and only for who has begun the login."""
        asked = self.codes.pop(given.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        if asked is None or authorization != f"Basic {basic}" or given.get("redirect_uri") != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "f3b1",
            "preferred_username": self.officer,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        return self.tokens(self.sign(self.claims(honest)))


@contextmanager
def running() -> Iterator[Provider]:
    """A provider on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"provider": provider})
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        """Tell of itself; let the officer in."""
        address = urlsplit(self.path)
        if address.path == "/authorize":
            there = self.provider.authorised(_first(address.query))
            self.send_response(302)
            self.send_header("Location", there)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            told = {"/keys": self.provider.keys, "/.well-known/openid-configuration": self.provider.described}
            self._answer(told[address.path]())

    def do_POST(self) -> None:
        """Exchange a code."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._answer(self.provider.exchanged(_first(body), self.headers.get("Authorization", "")))

    def _answer(self, body: bytes | None) -> None:
        content = b'{"error": "invalid_grant"}' if body is None else body
        self.send_response(400 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing of it."""


def _first(query: str) -> Asked:
    return {name: values[0] for name, values in parse_qs(query).items()}
