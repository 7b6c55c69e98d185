"""Who asks, and may they: sessions by cookie, tokens by header, and a guard that no view can forget.

Every view says ``@needs(Role.X)`` or ``@open_to_all``; one that says neither answers nobody.  A browser that is not
logged in is sent to the log-in page, a program gets 401.  What a cookie vouches for must also carry the CSRF field.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, HTTPException, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from app.context import PROGRAMS, context
from app.services import passwords, sessions, tokens
from app.services.access import Principal, Role
from app.services.sessions import Caller
from dhcpcore.errors import Forbidden
from dhcpcore.settings import Settings

_View = TypeVar("_View", bound=Callable[..., Any])
_MARK = "lessor_needs"
_FIRST = "lessor_before_new_password"
_OPEN = "lessor_open_where"
#: Pages that only see may be asked for without the field that guards against forgery.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a browser says of a request that no foreign page has made.
_OWN_SITES = frozenset({"same-origin", "none"})
_NEXT_MAX = 2000
_CSRF = CSRFProtect()


def needs(role: Role, *, before_new_password: bool = False,
          open_where: Callable[[Settings], bool] | None = None) -> Callable[[_View], _View]:
    """Say who may call a view.

    ``before_new_password``: also who must change the password first.  ``open_where``: the settings that open it to all.
    """
    def mark(view: _View) -> _View:
        setattr(view, _MARK, role)
        setattr(view, _FIRST, before_new_password)
        setattr(view, _OPEN, open_where)
        return view
    return mark


def open_to_all(view: _View) -> _View:
    """Say that a view asks for no log-in."""
    setattr(view, _MARK, None)
    return view


def principal() -> Principal:
    """Who sends the present request; only where the view needs a role."""
    return caller().principal


def caller() -> Caller:
    """The same with account and session."""
    found: Caller = g.lessor_caller
    return found


def install(app: Flask) -> None:
    """Put the guard before every view, and what templates need beside it."""
    found = app.extensions["lessor"].appliance
    app.secret_key = sessions.form_key(found)
    app.config.update(
        SESSION_COOKIE_NAME="lessor_form", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        # A form may stay open for a day; its field lives as long as the browser's own session.
        WTF_CSRF_TIME_LIMIT=None,
        # Our pages send no referrer; Sec-Fetch-Site says the same, and cannot be left out by a policy.
        WTF_CSRF_SSL_STRICT=False,
        # The guard calls it, because it knows what came with a token instead of a cookie.
        WTF_CSRF_CHECK_DEFAULT=False)
    app.session_interface = _FormCookie()
    _CSRF.init_app(app)
    passwords.prepare()
    open_to_all(app.view_functions["static"])
    app.before_request(_guard)
    app.context_processor(lambda: {"me": g.get("lessor_caller")})


def begin(cookie: str, answer: AnyResponse) -> None:
    """Give the browser its new session, and forms a new key: nothing of before the log-in goes on."""
    session.clear()
    answer.set_cookie(_cookie_name(), cookie, max_age=sessions.LIFE_S, secure=request.is_secure, httponly=True,
                      samesite="Lax", path="/")


def end(answer: AnyResponse) -> None:
    """Have the browser forget its session."""
    session.clear()
    answer.delete_cookie(_cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/")


def cookie() -> str | None:
    """The session's cookie as it came, right or wrong."""
    return request.cookies.get(_cookie_name())


def local_path(text: str | None) -> str:
    """A path of this appliance to go on to after the log-in; the first page for anything else."""
    # A browser reads a backslash as a slash and leaves tabs and line ends out: //host is another host.
    if not text or len(text) > _NEXT_MAX or not text.startswith("/") or text.startswith(("//", "/\\")) or any(
            letter < " " or letter in {"\\", "\x7f"} for letter in text):
        return "/"
    return text


def _guard() -> AnyResponse | None:
    if request.endpoint is None:  # No such page or no such method: told to everybody alike, in everybody's own frame.
        if not request.path.startswith(PROGRAMS) and (known := _by_cookie()) is not None:
            g.lessor_caller = known
        return None
    view = current_app.view_functions[request.endpoint]
    if not hasattr(view, _MARK):
        raise AssertionError(f"the view {request.endpoint} says neither auth.needs nor auth.open_to_all")
    role: Role | None = getattr(view, _MARK)
    open_where = getattr(view, _OPEN, None)
    if role is None or (open_where is not None and open_where(context().appliance.settings)):
        _require_own_form()
        return None
    return admit(role, before_new_password=getattr(view, _FIRST))


def admit(role: Role, *, before_new_password: bool = False) -> AnyResponse | None:
    """Find out who asks, for ``caller``; an answer instead where somebody must log in, or change the password, first.

    Raises ``Forbidden`` where the role is too low, or another site's page has this browser send something.
    """
    header = request.headers.get("Authorization")
    found = _by_token(header) if header is not None else _by_cookie()
    if found is None:
        return _to_log_in()
    g.lessor_caller = found
    if found.principal.how == "session":
        _require_own_form()
    if found.must_change and not before_new_password:
        return _to_new_password()
    found.principal.must_be(role)
    return None


def admit_as(principal: Principal) -> None:
    """Somebody whom the view itself knows, by another proof than a session or a token."""
    g.lessor_caller = Caller(principal)


def refuse_foreign() -> None:
    """Refuse what another site's page has this browser send, where no field of ours can tell: the browser says so."""
    origin = request.headers.get("Origin")
    if (request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN_SITES
            or (origin is not None and origin != request.host_url.rstrip("/"))):
        raise Forbidden("This request comes from another site's page.")


def _by_token(header: str) -> Caller:
    scheme, _, text = header.partition(" ")
    found = tokens.caller_of(context().appliance, text.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise _unauthorized("This token is wrong, has ended or was revoked. Write: Authorization: Bearer TOKEN")
    return found


def _by_cookie() -> Caller | None:
    came = cookie()
    return sessions.caller_of(context().appliance, came) if came else None


def _require_own_form() -> None:
    """Refuse what a foreign page has this browser send."""
    if request.method in _SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN_SITES:
        raise Forbidden("This request comes from another site's page.")
    try:
        _CSRF.protect()
    except CSRFError:
        raise BadRequest("This form does not come from a page of this appliance, or it was opened before the last "
                         "log-in. Load the page again and send it once more; a program sends a token "
                         "(Authorization: Bearer TOKEN) instead.") from None


def _to_log_in() -> AnyResponse:
    if request.path.startswith(PROGRAMS):
        raise _unauthorized("Log in, or send a token: Authorization: Bearer TOKEN")
    where = url_for("login.form")
    if request.method in _SAFE and "HX-Request" not in request.headers:
        where += f"?next={quote(request.full_path.rstrip('?'))}"
    if "HX-Request" in request.headers or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        # A part of a page must not be replaced by the log-in page.
        answer = _unauthorized("The session has ended. Log in again.").get_response()
        answer.headers["HX-Redirect"] = where
        return answer
    return redirect(where, HTTPStatus.SEE_OTHER)


def _to_new_password() -> AnyResponse:
    if request.path.startswith(PROGRAMS) or request.method not in _SAFE:
        raise Forbidden("Change the password first: it was set by somebody else.")
    return redirect(url_for("account.page"), HTTPStatus.SEE_OTHER)


def _unauthorized(sentence: str) -> HTTPException:
    return Unauthorized(sentence, www_authenticate=WWWAuthenticate("bearer", {"realm": "lessor"}))


def _cookie_name() -> str:
    # Over TLS the name itself makes browsers refuse one that another host or an insecure page has set.
    return "__Host-lessor" if request.is_secure else "lessor"


class _FormCookie(SecureCookieSessionInterface):
    """Flask's own cookie, which holds the key of forms and nothing else."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-lessor_form" if request.is_secure else "lessor_form"
