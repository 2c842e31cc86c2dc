"""The national portal is told where each dossier stands: the ten states, each at least once, the last one last."""

from typing import Any, Final

import httpx

from activities.outside import TIMEOUT, NotYet, check_answer
from store.outbox import Taken

KIND: Final = "portal"
STATES: Final = {
    1: "mới đăng ký",
    2: "được tiếp nhận",
    3: "không được tiếp nhận",
    4: "đang xử lý",
    5: "yêu cầu bổ sung giấy tờ",
    6: "yêu cầu thực hiện nghĩa vụ tài chính",
    7: "công dân yêu cầu rút hồ sơ",
    8: "dừng xử lý",
    9: "đã xử lý xong",
    10: "đã trả kết quả",
}


def status_of(code: str, state: int, version: int, at: str) -> dict[str, Any]:
    """What the portal is told of a dossier; a lower ``version`` than one it knows is old news."""
    return {"code": code, "state": state, "name": STATES[state], "version": version, "at": at}


class Portal:
    """``Sender`` of states: ``PUT {url}/dossiers/{code}/status``, safe to repeat."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        """Tell the portal at ``url``."""
        self._client = client
        self._url = url.rstrip("/")

    async def send(self, message: Taken) -> None:
        """Tell one state."""
        url = f"{self._url}/dossiers/{message.payload['code']}/status"
        try:
            response = await self._client.put(
                url, json=message.payload, headers={"Idempotency-Key": message.key}, timeout=TIMEOUT
            )
        except httpx.HTTPError as error:
            raise NotYet(f"the portal does not answer: {type(error).__name__}") from error
        check_answer(response)

    async def given_up(self, message: Taken, reason: str) -> None:
        """Nothing more: reconciliation tells the last state again."""

    async def told(self, code: str) -> int | None:
        """The state that the portal has of a dossier (none: it has none). Raises NotYet."""
        try:
            response = await self._client.get(f"{self._url}/dossiers/{code}/status", timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise NotYet(f"the portal does not answer: {type(error).__name__}") from error
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        check_answer(response)
        state = response.json().get("state")
        return state if isinstance(state, int) else None
