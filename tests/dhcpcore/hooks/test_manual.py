"""The manual's page of hooks says what the table says, and its example is the one that real clients meet."""

from __future__ import annotations

from pathlib import Path

from dhcpcore.hooks.points import POINTS, Point

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "hooks.md").read_text()


def row(point: Point) -> str:
    arguments = "<br>".join(f"`{one.name}` ({one.direction}): {one.what}" for one in point.arguments) or "none"
    status = "<br>".join(f"`{name}`: {what}" for name, what in point.status.items()) or "none"
    when = f"{point.when} **Never called:** {point.absent}." if point.absent else point.when
    when += f" **In a process of its own:** {point.apart}." if point.apart else ""
    return f"| `{point.name}` | {when} | {arguments} | {status} |"


def test_every_hook_is_in_the_manual_as_the_table_has_it_in_its_order() -> None:
    lines = PAGE.splitlines()
    assert [line for line in lines if line in {row(point) for point in POINTS.values()}] == [
        row(point) for point in POINTS.values()
    ]
    first = lines.index(row(next(iter(POINTS.values()))))
    assert lines[first + len(POINTS)] == "", "a hook that the table does not have"


def test_the_example_is_the_one_that_is_tried() -> None:
    from tests.interop.test_hooks import LIBRARY

    example = PAGE.split("```python\n")[1].split("```")[0]
    assert [line for line in example.splitlines() if line] == [line for line in LIBRARY.splitlines() if line]
