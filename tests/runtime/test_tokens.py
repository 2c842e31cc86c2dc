"""Officers' tokens: what is signed is read back, and nothing else is believed."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from domain.authority import Officer, Role
from domain.ids import AuthorityId, OfficerId
from runtime import tokens
from runtime.errors import SettingError
from runtime.tokens import InvalidToken

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LAN = Officer(
    id=OfficerId("lan"), name="Nguyễn Thị Lan", authority=AuthorityId("X1"), roles=(Role.CLERK, Role.SPECIALIST)
)
BODY = {"iss": "motcua", "sub": "lan", "authority": "X1", "roles": ["clerk"], "iat": 1772413200, "exp": 1772456400}


def _signed(body: dict[str, object], secret: bytes = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode({"alg": algorithm}, body, OctKey.import_key(secret), algorithms=[algorithm])


def test_a_token_says_who_the_officer_is_and_no_name() -> None:
    """Identity, authority and roles come back; personal data never travel."""
    token = tokens.issue_token(SECRET, LAN, NOW)
    claims = tokens.read_token(SECRET, token, NOW + timedelta(hours=11))
    assert (claims.officer, claims.authority, claims.roles) == (LAN.id, LAN.authority, LAN.roles)
    assert (claims.issued_at, claims.expires_at) == (NOW, NOW + tokens.LIFETIME)
    body = token.split(".")[1]
    assert "name" not in json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


@pytest.mark.parametrize(
    ("moment", "reason"),
    [(NOW + tokens.LIFETIME, "expired at"), (NOW - timedelta(minutes=5), "not valid before")],
)
def test_a_token_holds_only_for_its_time(moment: datetime, reason: str) -> None:
    """Neither after its end nor before its start."""
    with pytest.raises(InvalidToken, match=reason):
        tokens.read_token(SECRET, tokens.issue_token(SECRET, LAN, NOW), moment)


def test_a_second_of_difference_between_two_clocks_is_no_reason_to_refuse() -> None:
    """The API's clock may be a little behind that of the issuer."""
    tokens.read_token(SECRET, tokens.issue_token(SECRET, LAN, NOW), NOW - timedelta(seconds=1))


def _unsigned() -> str:
    header, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, BODY)
    )
    return f"{header}.{body}."


@pytest.mark.parametrize(
    "token",
    [
        _signed(BODY, secret=b"another secret of sufficient length"),
        _signed(BODY, algorithm="HS512"),
        _unsigned(),
        _signed({**BODY, "roles": ["king"]}),
        _signed({**BODY, "exp": "tomorrow"}),
        _signed({**BODY, "exp": 10**30}),
        _signed({key: value for key, value in BODY.items() if key != "exp"}),
        _signed({**BODY, "iss": "elsewhere"}),
    ],
)
def test_no_other_token_is_believed(token: str) -> None:
    """Foreign key, other algorithm, none at all, unknown role, a wrong or missing claim."""
    with pytest.raises(InvalidToken):
        tokens.read_token(SECRET, token, NOW)


@given(st.text() | st.text(alphabet="abc.=-_{}", max_size=60))
def test_any_text_is_refused_in_order(text: str) -> None:
    """Junk is an InvalidToken, never another exception."""
    with pytest.raises(InvalidToken):
        tokens.read_token(SECRET, text, NOW)


def test_the_secret_must_be_there_and_long_enough(tmp_path: Path) -> None:
    """Each message names the setting."""
    short = tmp_path / "short"
    short.write_bytes(b"short")
    for path in (None, tmp_path / "missing", short):
        with pytest.raises(SettingError, match="MOTCUA_SECRET_FILE"):
            tokens.read_secret(path)
    good = tmp_path / "good"
    good.write_bytes(SECRET + b"\n")
    assert tokens.read_secret(good) == SECRET
