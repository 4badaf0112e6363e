"""Debian's Chromium, with everything switched off that would speak to somebody."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def chromium() -> str:
    """Return the path of the browser that CHROMIUM names, else of the one on the PATH."""
    given = os.environ.get("CHROMIUM")
    for name in (given,) if given else _NAMES:
        if name and (path := shutil.which(name)):
            return path
    raise FileNotFoundError(f"no Chromium ({given or ', '.join(_NAMES)}): call `make browser`")


@contextmanager
def opened_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=list(_FLAGS), headless=True
        )
        yield browser
        browser.close()


class Visit:
    """A page as somebody sees it, with all that it said and asked for meanwhile."""

    def __init__(self, context: BrowserContext, path: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda one: self.complaints.append(f"{one.type}: {one.text}"))
        self.page.on("pageerror", lambda one: self.complaints.append(f"error: {one}"))
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda one: self.requests.append(one.url))
        self.page.goto(path.as_uri())

    def _refuse(self, dialog: object) -> None:
        self.complaints.append("a dialog opened")
        dialog.dismiss()  # type: ignore[attr-defined]


@contextmanager
def visited(browser: Browser, path: Path, width: int = 1440, **options: object) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
    try:
        yield Visit(context, path)
    finally:
        context.close()
