"""Pages are made of words, helpers and values that stay out of each other's way."""

import pytest

from web.pages import render


def test_a_value_cannot_hide_a_helper() -> None:
    """Told at once, and not only on the page that happens to write a moment."""
    with pytest.raises(ValueError, match=r"trouble.html .* short"):
        render("trouble.html", "vi", short="một giờ")
