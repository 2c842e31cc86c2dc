"""Time in words."""

from datetime import UTC, datetime

import pytest

from domain.period import Period, Unit
from web.messages import translator
from web.timewords import left_words, moment_words, period_words

DAY = 480


@pytest.mark.parametrize(
    ("minutes", "vi", "en"),
    [
        (0, "còn 0 phút làm việc", "0 min of working time left"),
        (59, "còn 59 phút làm việc", "59 min of working time left"),
        (60, "còn 1 giờ làm việc", "1 h of working time left"),
        (90, "còn 1 giờ 30 phút làm việc", "1 h 30 min of working time left"),
        (DAY + 90, "còn 1 ngày 1 giờ làm việc", "1 d 1 h of working time left"),
        (-DAY, "quá 1 ngày làm việc", "1 d of working time over"),
    ],
)
def test_working_time_left(minutes: int, vi: str, en: str) -> None:
    """Minutes are said only where they matter."""
    assert left_words(translator("vi"), minutes, DAY) == vi
    assert left_words(translator("en"), minutes, DAY) == en


def test_moments_are_said_in_local_time() -> None:
    """Whatever zone they come in."""
    assert moment_words(translator("vi"), datetime(2026, 3, 11, 18, 5, tzinfo=UTC)) == "01:05 thứ Năm, 12/03/2026"


def test_fractions_have_the_language_s_sign() -> None:
    """Half a day."""
    half = Period(0.5, Unit.WORKING_DAY)
    assert period_words(translator("vi"), half) == "0,5 ngày làm việc"
    assert period_words(translator("en"), half) == "0.5 working days"
