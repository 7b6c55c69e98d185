"""How values look in pages: times as people say them, bars as SVG, headers that keep a page to itself."""

from __future__ import annotations

from itertools import pairwise

from flask import Flask, Response, request

from app.services.identities import relay_words
from app.services.plain import printable, time_text
from dhcpcore.version import __version__

#: Nothing from elsewhere, nothing inline: what a hostile host name says stays text even if an escape were missed.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: What a browser's header holds, and what people call that; the first that is there, as each claims to be others, too.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux"))
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def install(app: Flask) -> None:
    """Give templates their filters, and every answer its headers."""
    app.jinja_env.filters.update(browser=browser, printable=printable, relay_words=relay_words, span=span, share=share,
                                 stamp=time_text, thousands=thousands)
    app.jinja_env.globals["version"] = __version__
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.after_request(_headers)


def span(seconds: float) -> str:
    """A length of time as people say it: ``45 min``, ``1 h 5 min``, never more exact than anybody needs."""
    left = max(0, int(seconds))
    for (size, unit), (smaller, small_unit) in pairwise(_UNITS):
        if left >= size:
            count, rest = divmod(left, size)
            part = rest // smaller
            return f"{count} {unit} {part} {small_unit}" if count < 10 and part else f"{count} {unit}"
    return f"{left} s"


def browser(agent: str) -> str:
    """What a browser calls itself, in two words; what is none of the known ones, as it comes."""
    name = next((said for mark, said in _BROWSERS if mark in agent), "")
    system = next((said for mark, said in _SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if name and system else name or printable(agent)


def share(part: int, whole: int) -> float:
    """``part`` of ``whole`` in percent; a hair's breadth is shown as soon as there is anything at all."""
    if not whole or not part:
        return 0.0
    return round(min(100.0, max(0.5, 100 * part / whole)), 1)


def thousands(number: int) -> str:
    """A number with thin spaces between its thousands; a very large one in powers of two."""
    if number >= 1 << 40:
        return f"2^{number.bit_length() - 1}"
    return f"{number:,}".replace(",", "\u202f")


def _headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.endpoint != "static":
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer
