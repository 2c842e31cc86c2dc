"""Names that tests plant as personal data, and the search for them in everything that was logged during a run.

Whoever plants another applicant's name, number or address in a test that logs adds it here.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

PLANTED: Final = (
    *("Nguyễn Thị An", "Nguyễn Thị Ánh", "Nguyễn Thị Bí Mật", "Trần Văn Đạt", "Trần Văn Phím"),
    *("Lê Thị Đôi", "Hoàng Văn Sinh Đôi", "Tên Rất Dài"),
    *("0912345678", "0987654321", "0903111222", "0944444444", "001199000123", "an.nguyen@example.vn"),
)
FORMS: Final = {
    form: name
    for name in PLANTED
    for form in (name, json.dumps(name)[1:-1], quote(name), quote_plus(name), repr(name.encode())[2:-1])
}
"""Each as it is, and as JSON, an address and bytes would write it."""
_ANY: Final = re.compile("|".join(re.escape(form) for form in sorted(FORMS, key=len, reverse=True)))
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_LOG_LINE: Final = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S* *\[\w+ *\]|^\{.*\"level\"")
"""A log line within a test's output; the rest are answers of commands, which may tell names."""


def in_files(directory: Path) -> Iterator[str]:
    """Each log below the directory that names somebody, and the line."""
    for path in sorted(directory.rglob("*.log")):
        if path.is_file():
            lines = path.read_text(errors="replace").splitlines()
            yield from (f"{path.relative_to(directory)}: {line[:300]}" for line in found(lines))


def in_output(sections: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each line that was logged within a test and names somebody."""
    for title, text in sections:
        lines = _COLOURS.sub("", text).splitlines()
        logged = lines if " log " in title else [line for line in lines if _LOG_LINE.match(line)]
        yield from (line[:300] for line in found(logged))


def found(lines: Iterable[str]) -> Iterator[str]:
    """The lines that name somebody."""
    return (line for line in lines if _ANY.search(line))
