"""Fixtures: a whole system, a real Chromium, and officers who are signed in."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from tests.browser.system import System, running
from tests.support import databases

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SECONDS = 15


@pytest.fixture(scope="session")
def system(
    template: EmbeddedPostgres, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A system where anyone may log in as any officer."""
    fresh = databases.clone(template)
    directory = tmp_path_factory.mktemp("desk")
    with running(directory, fresh.app_url, fresh.url, temporal_dev.address, MOTCUA_DEMO_LOGIN="1") as found:
        yield found
    databases.drop(template, fresh)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium here (Debian has it in the package 'chromium')")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


Opens = Callable[..., Page]


@pytest.fixture
def opens(chromium: Browser, system: System) -> Iterator[Opens]:
    """Opens a browser of its own, signed in as an officer where one is named."""
    contexts: list[BrowserContext] = []

    def open_page(officer: str = "", *, language: str = "vi-VN", width: int = 1280, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=system.url,
            locale=language,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
        )
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        if officer:
            page.goto("/login")
            page.locator(f'button[value="{officer}"]').click()
            page.wait_for_url("**/desk")
        return page

    yield open_page
    for context in contexts:
        context.close()
