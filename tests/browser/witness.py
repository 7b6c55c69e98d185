"""What a browser saw while a page was used: clicks of a real pointer, faults, broken policy, requests to others."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

#: A click that a key or a script makes has no detail; a pointer's says which of a series it is.
_TELL = """
addEventListener("click", (event) => { if (event.isTrusted && event.detail > 0) lessorTell("click", ""); }, true);
addEventListener("securitypolicyviolation", (event) => {
  lessorTell("policy", event.violatedDirective + " " + event.blockedURI);
}, true);
"""


class Witness:
    """Watches one tab from before its first address, or from when it was told to forget."""

    def __init__(self, page: Page, home: str) -> None:
        self.clicks = 0
        self.troubles: list[str] = []
        self.foreign: list[str] = []
        self._home = home
        page.expose_binding("lessorTell", self._told)
        page.add_init_script(_TELL)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._asked(request.url))

    def forget(self) -> None:
        """Begin anew, for another page in the same tab."""
        self.clicks = 0
        self.troubles.clear()
        self.foreign.clear()

    def _told(self, _source: Any, kind: str, text: str) -> None:
        if kind == "click":
            self.clicks += 1
        else:
            self.troubles.append(f"{kind}: {text}")

    def _dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self._home}/", "data:", "blob:")):
            self.foreign.append(url)
