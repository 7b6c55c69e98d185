"""What answers at the paths that the site's script has registered, where the appliance itself has no page.

Raw answers carry ``Content-Security-Policy: sandbox``; the HTML of the other two modes goes into a frame of its own.
"""

from __future__ import annotations

import re

from flask import Flask, Response, make_response, render_template, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from app import auth
from app.context import context
from app.pages import dashboard, script_frames
from app.services import digest, scripts
from app.services.access import Principal, Role
from app.services.digest import Outcome
from app.services.own_paths import fault_of
from app.services.scripts import Asked, Catalogue, Html, Method, Raw
from app.services.throttle import TooManyAttempts
from dhcpcore.control import EngineAway
from dhcpcore.settings import Settings

#: Headers of a request that scripts are not told: what vouches for the reader is the appliance's.
_KEPT = frozenset({"authorization", "cookie", "proxy-authorization", "x-csrftoken"})
#: Headers that an answer of a script's may have beside X-…; no header that a browser or a proxy takes orders from.
_ALLOWED = frozenset({
    "cache-control", "content-disposition", "content-language", "etag", "expires", "last-modified",
    "retry-after", "vary",
})  # fmt: skip
_NEVER = ("x-accel-", "x-content-", "x-dns-", "x-forwarded", "x-frame-", "x-lighttpd-", "x-permitted-", "x-real-",
          "x-sendfile", "x-xss-")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_VALUE_MAX = 2048
_HEADERS_MAX = 20
_MIMETYPE = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}(; ?[\w-]+=[\w.\"-]+){0,3}", re.ASCII)
#: What elements show by an address, from within a frame that has no origin.
_EMBEDDED = ("image/", "text/css", "text/javascript", "application/javascript")
#: What a form in a frame sends comes in one field of ours, so that none of its fields is taken for one of ours.
_SENT = "lessor-form"
_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"


def install(app: Flask) -> None:
    """Answer there, after the guard."""
    app.before_request(_answer)


def _answer() -> AnyResponse | None:
    if not isinstance(request.routing_exception, NotFound) or fault_of(request.path):
        return None
    here = context()
    found = here.script()
    method = None if found is None else found.method(request.path)
    if found is None or method is None:
        if here.scripts.lost(request.path):
            raise EngineAway("The engine is away, and its script with it: nothing answers here until it runs again.")
        return None
    if request.method not in {"GET", "HEAD", "POST"}:
        raise MethodNotAllowed(["GET", "HEAD", "POST"])
    if request.method == "POST":
        request.get_data(cache=True)  # Before anybody looks for fields of a form in it.
    refused, by = _let_in(found, method)
    if refused is not None:
        return refused
    if not found.running:
        raise scripts.away(found)
    # A page asks its reader once more; a program has meant it.
    asks = method.asks and by is not None and by.how == "session"
    if method.asks and (request.method != "POST" or (asks and request.form.get("confirmed") != "yes")):
        if not asks:
            raise MethodNotAllowed(["POST"])
        return make_response(render_template("scripts/confirm.html", method=method, address=_address()))
    told = scripts.call(here.appliance, method, _asked(is_answer=asks), by=by)
    if isinstance(told, Raw):
        return _raw(told, method, is_open=by is None)
    if by is not None and by.how == "digest":
        # A program has no use for a menu.
        return _kept(method, script_frames.framed(script_frames.document(told, base=method.path)))
    return _page(found, method, told)


def is_open(settings: Settings, found: Catalogue, method: Method) -> bool:
    """Whether a method answers without a log-in."""
    if method.mode != "raw" or method.asks:
        return False
    chosen = settings.web.script_open
    if method.secure:
        return chosen == "all" and not found.surface.digest
    return chosen in {"unsecured", "all"} or (chosen == "auto" and found.surface.folder)


def _let_in(found: Catalogue, method: Method) -> tuple[AnyResponse | None, Principal | None]:
    """An answer instead, or who it is; None: a stranger who may."""
    header = request.authorization
    is_digest = header is not None and header.type == "digest"
    if is_digest and found.surface.digest:
        if request.method == "POST":
            auth.refuse_foreign()
        return None, _by_digest(found)
    if is_open(context().appliance.settings, found, method) and (header is None or is_digest):
        if request.method == "POST":
            auth.refuse_foreign()
        return None, None
    if header is None and auth.cookie() is None and _is_program():
        raise _to_digest(found) if found.surface.digest else Unauthorized(
            "Log in, or send a token: Authorization: Bearer TOKEN",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "lessor"}))  # fmt: skip
    refused = auth.admit(method.role)
    return refused, None if refused is not None else auth.principal()


def _is_program() -> bool:
    """A browser that goes somewhere is sent to the log-in page; a program is told what is wanted of it."""
    mode = request.headers.get("Sec-Fetch-Mode")
    return "Mozilla" not in request.headers.get("User-Agent", "") if mode is None else mode != "navigate"


def _by_digest(found: Catalogue) -> Principal:
    header = request.authorization
    assert header is not None
    fields = {name: header.get(name) or "" for name in digest.FIELDS}
    if not _is_here(fields["uri"]):
        raise _to_digest(found)
    try:
        outcome = digest.look(context().appliance, fields, method=request.method, address=request.remote_addr or "")
    except TooManyAttempts as error:
        raise TooManyRequests(str(error), retry_after=error.seconds) from None
    if outcome is Outcome.RIGHT:
        by = Principal(f"{fields['username']} (digest)", Role.OPERATOR, "digest")
        auth.admit_as(by)
        return by
    raise _to_digest(found, stale=outcome is Outcome.STALE)


def _is_here(uri: str) -> bool:
    """Whether an answer was made for this address: RFC 7616 3.4.6."""
    return uri == str(request.environ.get("RAW_URI", request.full_path.rstrip("?")))


def _to_digest(found: Catalogue, *, stale: bool = False) -> HTTPException:
    fields: dict[str, str | None] = {
        "realm": found.surface.realm, "nonce": digest.nonce(context().appliance),
        "qop": "auth", "algorithm": "MD5",
    }  # fmt: skip
    if stale:
        fields["stale"] = "TRUE"
    return Unauthorized("This needs the name and the password of the script's own, or a token.",
                        www_authenticate=WWWAuthenticate("digest", fields))  # fmt: skip


def _address() -> str:
    return request.full_path.rstrip("?")


def _asked(*, is_answer: bool) -> Asked:
    """What the callback is told; nothing of our own question's form, whose answer this may be."""
    given = dict(request.args.lists())
    headers = {name: value for name, value in request.headers.items()
               if name.lower() not in _KEPT and len(value) <= _VALUE_MAX}  # fmt: skip
    if request.method == "POST" and (sent := request.form.get(_SENT)) is not None:
        data = sent.encode()
        return Asked(given, request.mimetype, data, {**headers, "Content-Length": str(len(data))})
    if request.method != "POST" or is_answer:
        return Asked(given, headers=headers)
    return Asked(given, request.mimetype or None, request.get_data(), headers)


def _raw(told: Raw, method: Method, *, is_open: bool) -> Response:
    answer = Response(told.data)
    answer.headers["Content-Type"] = told.mimetype if _MIMETYPE.fullmatch(told.mimetype) else "application/octet-stream"
    if told.mimetype.startswith("text/") and "charset" not in told.mimetype:
        answer.headers["Content-Type"] += "; charset=utf-8"
    for name, value in told.headers[:_HEADERS_MAX]:
        if may_be_sent(name, value):
            answer.headers[name] = value
    answer.headers["Content-Security-Policy"] = "sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # A browser shows nothing that is both sandboxed and apart from its opener.
    answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    if is_open and told.mimetype.startswith(_EMBEDDED):
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if not method.cacheable:
        answer.headers["Cache-Control"] = "no-cache, no-store"
        answer.headers["Expires"] = _LONG_AGO
    else:
        # Without any word the default would be that it is not kept.
        answer.headers.setdefault("Cache-Control", "private")
    return answer


def may_be_sent(name: str, value: str) -> bool:
    """Whether a header of a script's goes out."""
    known = name.lower() in _ALLOWED or (name.lower().startswith("x-") and not name.lower().startswith(_NEVER))
    return bool(known and _NAME.fullmatch(name) and len(value) <= _VALUE_MAX and value.isprintable() and
                value.isascii())  # fmt: skip


def _page(found: Catalogue, method: Method, told: Html) -> Response:
    page = _dashboard if method.mode == "dashboard" else _alone
    answer = make_response(page(found, method, script_frames.document(told, base=method.path)))
    script_frames.may_frame(answer)
    return _kept(method, answer)


def _kept(method: Method, answer: Response) -> Response:
    """The answer, which may be kept where the method says so; nothing else may."""
    if method.cacheable and request.method == "GET":
        answer.headers["Cache-Control"] = "private"
    return answer


def _alone(found: Catalogue, method: Method, document: str) -> str:
    """A page with what a method made, and nothing else."""
    return render_template("scripts/method.html", method=method, document=document, sandbox=script_frames.SANDBOX,
                           paths=script_frames.paths(found))  # fmt: skip


def _dashboard(found: Catalogue, method: Method, document: str) -> str:
    """The dashboard with what a method made above it.

    The browser is told the dashboard's address, so that loading the page again does not do it again.
    """
    shown = {**script_frames.elements(found), "paths": script_frames.paths(found)}
    return render_template("dashboard/page.html", **dashboard.view(), **shown, method=method, document=document,
                           sandbox=script_frames.SANDBOX)  # fmt: skip
