"""The documents at the root and the manual: every page is reachable from its index, and every link leads somewhere."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from app.cli.verbs import VERBS
from dhcpcore.topology.validate import validate

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bootstrap/README.md"])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and anchor not in anchors(there.read_text())):
            lost.append(target)
    assert lost == []


def test_every_page_of_the_manual_is_in_its_index() -> None:
    index = ROOT / "docs/index.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text())}
    pages = {page.resolve() for page in (ROOT / "docs").rglob("*.md")} - {index.resolve()}
    assert sorted(page.name for page in pages - listed) == []


def test_the_readme_shows_the_two_commands_and_a_document_that_is_right() -> None:
    text = (ROOT / "README.md").read_text()
    assert "\n    ./lessor demo\n" in text
    assert "\n    ./lessor test\n" in text
    block = text[text.index("    version: 1\n") :]
    lines = block[: block.index("\n\n")].splitlines()
    document = yaml.safe_load("\n".join(line[4:] for line in lines))
    assert [str(subnet.name) for subnet in validate(document).subnets] == ["office"]


def test_every_verb_that_the_documents_show_is_there() -> None:
    shown = {
        (page.name, verb)
        for page in PAGES
        for verb in re.findall(r"^    (?:sudo )?\./lessor (?:--config \S+ )?([a-z]+)", page.read_text(), re.MULTILINE)
    }
    assert ("README.md", "demo") in shown
    assert sorted(pair for pair in shown if pair[1] not in {*VERBS, "test", "compile"}) == []


def test_the_licence_is_the_one_that_the_package_names() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_what_the_launcher_makes_is_ignored() -> None:
    asked = [".venv/stamp", ".venv.lock", ".venv.log", "var/demo/lessor.db", "app/__pycache__/x.pyc",
             "dhcpcore/_compiled/manifest.json"]  # fmt: skip
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 128:
        pytest.skip("no git checkout here")
    assert done.stdout.split() == asked
