"""``/manual``: the manual as the appliance carries it, rendered from its Markdown."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from flask import Blueprint, Response, render_template, send_file, url_for
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from app.auth import needs
from app.services.access import Role
from dhcpcore.errors import NotFound
from dhcpcore.places import data_dir

blueprint = Blueprint("page_manual", __name__)

_PAGE = re.compile(r"[a-z0-9-]{1,60}")
_DRAWING = re.compile(r"[a-z0-9-]{1,60}\.svg")
INDEX = "index"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page of the manual: its title, its HTML, and its second-level headings with their anchors."""

    title: str
    html: Markup
    parts: tuple[tuple[str, str], ...]


@blueprint.get("/manual")
@needs(Role.VIEWER)
def page() -> str:
    """The table of contents."""
    return render_template("manual/page.html", shown=_rendered(INDEX), name=INDEX)


@blueprint.get("/manual/<name>")
@needs(Role.VIEWER)
def one(name: str) -> str | Response:
    """A page, or a drawing of one."""
    if _DRAWING.fullmatch(name):
        drawing = data_dir("docs") / name
        if drawing.is_file():
            answer = send_file(drawing, mimetype="image/svg+xml")
            answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
            return answer
    if not _PAGE.fullmatch(name):
        raise NotFound(f"The manual has no page {name:.60}.")
    return render_template("manual/page.html", shown=_rendered(name), name=name)


def _rendered(name: str) -> Rendered:
    file = data_dir("docs") / f"{name}.md"
    if not file.is_file():
        raise NotFound(f"The manual has no page {name:.60}.")
    return _render(file, url_for("page_manual.page"))


@functools.lru_cache(maxsize=64)
def _render(file: Path, base: str) -> Rendered:
    """HTML of a page; HTML in the Markdown stays text, and only links that a page may have become links."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(file.read_text(encoding="utf-8"))
    title, parts = file.stem, []
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            anchor = _anchor(following.content)
            token.attrSet("id", anchor)
            if token.tag == "h1":
                title = following.content
            elif token.tag == "h2":
                parts.append((anchor, following.content))
    for token in tokens:
        if token.type == "table_open":  # It may be wider than the page, and the keyboard must reach what is beside it.
            token.attrSet("tabindex", "0")
        if (style := token.attrs.pop("style", None)) is not None:  # Which the policy forbids: the style sheet has it.
            token.attrSet("class", str(style).removeprefix("text-align:"))
        for child in token.children or ():
            _lead(child, base)
    html = parser.renderer.render(_without_title(tokens), parser.options, {})
    return Rendered(title, Markup(html), tuple(parts))  # noqa: S704 - the parser escapes HTML


def _without_title(tokens: list[Token]) -> list[Token]:
    """The page's frame shows the title."""
    if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return tokens[3:]
    return tokens


def _lead(token: Token, base: str) -> None:
    """Links between the manual's files lead to its pages."""
    name = "href" if token.type == "link_open" else "src" if token.type == "image" else None
    if name is None:
        return
    target = str(token.attrGet(name) or "")
    if target.startswith(("http:", "https:", "mailto:", "#")):
        return
    file, _, anchor = target.partition("#")
    found = Path(file).name.removesuffix(".md")
    there = base if found == INDEX else f"{base}/{found}"
    if file.startswith("../"):
        token.attrSet(name, "#")
        return
    token.attrSet(name, f"{there}#{anchor}" if anchor else there)


def _anchor(heading: str) -> str:
    """As GitHub makes them, so that links hold in both places."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
