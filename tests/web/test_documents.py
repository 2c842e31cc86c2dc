"""Printed forms: the QR code reads back, texts are set as they are, and it is quick."""

import io
import time

import pytest
import zxingcpp
from PIL import Image

from web.documents import printed

CODE = "H99.08-261122-0001"
QUICK = 1.0
"""Seconds; the citizen stands at the desk."""


def data(form: str = "01", **more: object) -> dict[str, object]:
    """A form with everything in it."""
    return {
        "form": form,
        "title": "Giấy tiếp nhận hồ sơ và hẹn trả kết quả",
        "subtitle": "Mã hồ sơ",
        "code": CODE,
        "number": CODE,
        "authority": "Trung tâm Phục vụ hành chính công",
        "parent": "Ủy ban nhân dân tỉnh",
        "place_and_date": "Ngày 22 tháng 11 năm 2026",
        "paragraphs": [{"label": "Người nộp", "text": "Nguyễn Thị Ánh"}],
        "table": {"head": ["STT", "Tên"], "widths": [0, 9], "rows": [["1", "Đơn"]]},
        "after": [{"label": "", "text": "Hẹn trả"}],
        "signatures": [{"title": "Người nộp", "name": "Ánh"}],
        **more,
    }


@pytest.mark.parametrize("form", ["01", "02", "03", "04", "05", "06"])
def test_the_qr_code_reads_back(form: str) -> None:
    """Every form bears the dossier's code."""
    image = Image.open(io.BytesIO(printed(data(form), "png")))
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [CODE]


def test_a_receipt_is_printed_within_a_second() -> None:
    """The first one included."""
    began = time.perf_counter()
    assert printed(data()).startswith(b"%PDF")
    assert time.perf_counter() - began < QUICK


@pytest.mark.parametrize("text", ["*x* _y_ #panic() $1$ <b> @cite \\ ` ` [ ]", "x" * 4000, "", "Nguyễn\nThị"])
def test_any_text_is_text(text: str) -> None:
    """Nothing that somebody typed is read as markup."""
    paragraphs = [{"label": text, "text": text}]
    assert printed(data(paragraphs=paragraphs, authority=text, title=text)).startswith(b"%PDF")


def test_a_register_has_no_code_of_one_dossier() -> None:
    """Form 07 lists many."""
    rows = [[str(n), "Hồ sơ"] for n in range(200)]
    table = {"head": ["STT", "Tên"], "widths": [0, 9], "rows": rows}
    assert printed(data("07", code="", table=table)).startswith(b"%PDF")
