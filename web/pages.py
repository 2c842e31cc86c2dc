"""Making pages: templates, the words in them, and the files that they refer to."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2

from web import timewords
from web.messages import LANGUAGES, translator

MEDIA_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


class Asset:
    """A file that pages refer to; its address changes with its content, so browsers may keep it for ever."""

    def __init__(self, name: str, content: bytes) -> None:
        """``name`` is the file's."""
        self.name = name
        self.content = content
        self.media_type = MEDIA_TYPES[name.rpartition(".")[2]]
        self.version = hashlib.sha256(content).hexdigest()[:12]

    @property
    def address(self) -> str:
        """Where pages find it."""
        return f"/static/{self.version}/{self.name}"


@cache
def assets() -> dict[str, Asset]:
    """All files by name."""
    found = files("web").joinpath("static").iterdir()
    known = {one.name: one.read_bytes() for one in found if one.name.rpartition(".")[2] in MEDIA_TYPES}
    return {name: Asset(name, content) for name, content in known.items()}


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = lambda name: assets()[name].address
    environment.globals["languages"] = LANGUAGES
    return environment


def render(template: str, language: str, **values: Any) -> str:  # noqa: ANN401  # whatever the template shows
    """The page; ``values`` are what the template names besides the words and the ways to write moments.

    Raises ValueError for a value that is named like one of these: the page would break wherever it writes a moment.
    """
    t = translator(language)
    helpers = {
        "t": t,
        "language": language,
        "moment": lambda at: timewords.moment_words(t, at),
        "short": lambda at: timewords.short_words(t, at),
        "day": lambda at: timewords.day_words(t, timewords.local(at).date()),
        "period": lambda period: timewords.period_words(t, period),
        "decimal": lambda value: str(value).replace(".", t("period.point")),
        "iso": lambda at: timewords.local(at).isoformat(timespec="minutes"),
    }
    if hidden := helpers.keys() & values.keys():
        message = f"{template} is given values that hide its helpers: {', '.join(sorted(hidden))}"
        raise ValueError(message)
    return _environment().get_template(template).render({**helpers, **values})
