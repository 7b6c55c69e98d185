"""The launcher, run for real in a tiny checkout whose packages are made here, so that no network is asked."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent

NOBODY = 65534
"""Somebody who owns nothing. Root runs the launcher as this account, else -w would always be true."""

PROGRAMS = (
    "cat chown cksum cut dirname env find grep id ls mkdir mktemp printf pwd readlink rm sh sleep tail tr".split()
)
"""What POSIX and Debian's essential packages give the launcher; a PATH of these alone has no Python, uv or make."""

CLI = """
import os, sys
import lessor_probe
print(lessor_probe.VERSION, *sys.argv[1:], sep="|")
sys.exit(7 if "fail" in sys.argv else 0)
"""

TOOL = """
import sys
print("TOOL", __name__ if __name__ != "__main__" else sys.argv[0].rsplit("/", 2)[-2], *sys.argv[1:])
sys.exit({code})
"""


def make_wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> str:
    """A wheel by hand; answers the line of a lock file that names it."""
    info = f"{name}-{version}.dist-info"
    content = dict(files)
    content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    content[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

    def digest(text: str) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()

    record = [f"{path},sha256={digest(text)},{len(text.encode())}" for path, text in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class Checkout:
    """A copy of the launcher with a lock of one small package, a command line that prints, and a world to run it in."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.root = base / "checkout"
        self.wheels = base / "wheels"
        self.bin = base / "bin"
        self.home = base / "home"
        for folder in (self.root, self.bin, self.home):
            folder.mkdir()
        shutil.copy(ROOT / "lessor", self.root)
        shutil.copytree(ROOT / "bootstrap", self.root / "bootstrap")
        for path, text in {"app/__init__.py": "", "app/cli/__init__.py": "", "app/cli/__main__.py": CLI}.items():
            (self.root / path).parent.mkdir(exist_ok=True, parents=True)
            (self.root / path).write_text(text)
        self.lock("1.0")
        for name in PROGRAMS:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        self.python("python3")
        self.env = {
            "PATH": str(self.bin), "HOME": str(self.home), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
        }

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def lock(self, version: str) -> None:
        line = make_wheel(self.wheels, "lessor_probe", version, {"lessor_probe.py": f"VERSION = {version!r}\n"})
        (self.root / "requirements.lock").write_text(line)
        (self.root / "requirements-dev.lock").write_text(line)

    def tools(self, **failing: int) -> None:
        """Pretend developers' tools: each prints its name and arguments and exits as told."""
        modules = {f"{name}/__main__.py": TOOL.format(code=failing.get(name, 0)) for name in ("pytest", "ruff", "mypy")}
        script = "#!python\nprint('TOOL {name}')\nraise SystemExit({code})\n"
        scripts = {
            f"lessor_tools-1.data/scripts/{name}": script.format(name=name, code=failing.get(name[:4], 0))
            for name in ("lint-imports", "codespell")
        }
        line = make_wheel(self.wheels, "lessor_tools", "1", {**modules, **scripts})
        lock = self.root / "requirements-dev.lock"
        lock.write_text((self.root / "requirements.lock").read_text() + line)
        (self.root / ".ci").mkdir()
        (self.root / ".ci/run").write_text("#!/bin/sh\n")

    def python(self, name: str, script: str | None = None) -> None:
        """The Python that tests run on, or a shell script in its place."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        if script is None:
            path.symlink_to(Path(sys._base_executable).resolve())
        else:
            self.program(name, script)

    def program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def start(
        self, *args: str, cwd: Path | None = None, via: Path | None = None, **how: object
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/bin/sh", str(via or self.root / "lessor"), *args],
            cwd=cwd or self.base, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how,
        )

    def run(self, *args: str, **how: object) -> "Result":
        with self.start(*args, **how) as process:
            out, err = process.communicate(timeout=100)
        return Result(process.returncode, out, err)

    def run_as_somebody(self, *args: str) -> "Result":
        """As one who may read the checkout and not write it."""
        if os.geteuid() == 0:
            for folder in (self.base, *self.base.parents):
                if folder.owner() == "root" and folder != Path("/tmp") and len(folder.parts) > 2:
                    folder.chmod(folder.stat().st_mode | 0o055)
            return self.run(*args, user=NOBODY, group=NOBODY, extra_groups=[])
        for folder in (self.root, *self.root.rglob("*")):
            if folder.is_dir():
                folder.chmod(0o555)
        try:
            return self.run(*args)
        finally:
            for folder in (self.root, *self.root.rglob("*")):
                if folder.is_dir():
                    folder.chmod(0o755)


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_start_sets_up_and_the_second_does_not(checkout: Checkout) -> None:
    first = checkout.run("lease", "show", "a b", "*")
    assert (first.code, first.out) == (0, "1.0|lease|show|a b|*\n"), first
    assert "setting up" in first.err
    second = checkout.run("--version")
    assert (second.code, second.out, second.err) == (0, "1.0|--version\n", "")


def test_the_exit_code_is_the_commands_own(checkout: Checkout) -> None:
    assert checkout.run("fail").code == 7


def test_no_home_at_all_is_enough(checkout: Checkout) -> None:
    del checkout.env["HOME"]
    result = checkout.run()
    assert result.code == 0, result
    assert not list(checkout.home.iterdir())


def test_the_folder_somebody_stands_in_is_not_imported_from(checkout: Checkout, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    (trap / "app").mkdir(parents=True)
    (trap / "app/__init__.py").write_text("raise SystemExit('imported from the working directory')")
    (trap / "lessor_probe.py").write_text("VERSION = 'the wrong one'")
    assert checkout.run(cwd=trap).out == "1.0\n"


def test_a_symbolic_link_leads_to_the_checkout(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/far").symlink_to(checkout.root / "lessor")
    (tmp_path / "links/near").symlink_to("far")
    assert checkout.run("x", via=tmp_path / "links/near").out == "1.0|x\n"


def test_a_changed_lock_is_installed_over_the_old(checkout: Checkout) -> None:
    checkout.run()
    checkout.lock("2.0")
    result = checkout.run()
    assert result.out == "2.0\n"
    assert "setting up" in result.err


def test_a_set_up_that_was_cut_short_is_made_anew(checkout: Checkout) -> None:
    checkout.run()
    (checkout.venv / "stamp").unlink()
    (checkout.venv / "building").touch()
    (checkout.venv / "rubble").touch()
    assert checkout.run().code == 0
    assert not (checkout.venv / "rubble").exists()
    assert not (checkout.venv / "building").exists()


def test_a_python_that_is_gone_or_replaced_makes_the_environment_anew(checkout: Checkout) -> None:
    checkout.run()
    python = checkout.venv / "bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert checkout.run().out == "1.0\n"


def test_a_moved_checkout_is_set_up_again(checkout: Checkout) -> None:
    checkout.run()
    checkout.root = checkout.root.rename(checkout.base / "moved")
    result = checkout.run()
    assert result.out == "1.0\n"
    assert "setting up" in result.err


def test_two_first_starts_at_once_set_up_once(checkout: Checkout) -> None:
    both = [checkout.start(str(n)) for n in range(2)]
    ends = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert sorted(out for out, _ in ends) == ["1.0|0\n", "1.0|1\n"]
    assert sum("fetches packages" in err for _, err in ends) == 1
    assert checkout.run().err == ""


def test_the_lock_is_not_held_while_the_command_runs(checkout: Checkout) -> None:
    (checkout.root / "app/cli/__main__.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    with checkout.start() as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "up\n"
            (checkout.root / "app/cli/__main__.py").write_text(CLI)
            checkout.lock("2.0")
            assert checkout.run().out == "2.0\n"
        finally:
            server.kill()


def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    lock = checkout.root / "requirements.lock"
    lock.write_text(lock.read_text()[:-8] + "0000000\n")
    result = checkout.run()
    assert (result.code, result.out) == (3, "")
    assert "not the one that the lock names" in result.err
    assert not list(checkout.venv.glob("lib/*/site-packages/lessor_probe*"))
    assert not (checkout.venv / "stamp").exists()


def test_a_lock_that_forgot_a_hash_is_refused(checkout: Checkout) -> None:
    (checkout.root / "requirements.lock").write_text("lessor_probe==1.0\n")
    result = checkout.run()
    assert (result.code, result.out) == (3, "")
    assert not list(checkout.venv.glob("lib/*/site-packages/lessor_probe*"))


def test_a_changed_pip_is_refused_before_it_runs(checkout: Checkout) -> None:
    wheel = next((checkout.root / "bootstrap").glob("pip-*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"x")
    result = checkout.run()
    assert (result.code, result.out) == (3, "")
    assert "SHA256SUMS" in result.err
    assert not checkout.venv.exists()


def test_without_the_wheel_and_without_ensurepip_the_one_command_is_named(checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / "bootstrap")
    checkout.python("real-python")
    checkout.python("python3", 'case "$*" in *ensurepip*) exit 1 ;; esac\nexec real-python "$@"')
    result = checkout.run()
    assert result.code == 3
    assert "apt-get install python3-venv" in result.err


def test_no_python(checkout: Checkout) -> None:
    (checkout.bin / "python3").unlink()
    result = checkout.run()
    assert result.code == 3
    assert "no Python here" in result.err
    assert "apt-get install python3" in result.err


def test_a_python_too_old_is_passed_over_for_a_newer_one(checkout: Checkout) -> None:
    checkout.python("python3", "echo 3.9")
    result = checkout.run()
    assert result.code == 3
    assert "python3 is 3.9" in result.err
    assert "LESSOR_PYTHON=" in result.err
    checkout.python("python3.12")
    assert checkout.run().out == "1.0\n"


@pytest.mark.parametrize(("version", "will_do"), [("2.7", False), ("3.9", False), ("3.10", False), ("4.0", True)])
def test_which_versions_will_do(checkout: Checkout, version: str, will_do: bool) -> None:
    checkout.python("real-python")
    checkout.python("python3", f'case "$2" in *version_info*) echo {version} ;; *) exec real-python "$@" ;; esac')
    assert (checkout.run().code == 0) is will_do


def test_a_python_without_its_library_says_which_part(checkout: Checkout) -> None:
    checkout.python("python3", 'case "$2" in *version_info*) echo 3.11 ;; *) echo ssl ;; esac')
    result = checkout.run()
    assert result.code == 3
    assert "(ssl)" in result.err


def test_a_wish_for_a_python_is_honoured_and_a_wrong_one_named(checkout: Checkout) -> None:
    checkout.env["LESSOR_PYTHON"] = "python-of-mine"
    result = checkout.run()
    assert result.code == 3
    assert "python-of-mine" in result.err
    (checkout.bin / "python3").rename(checkout.bin / "python-of-mine")
    assert checkout.run().code == 0


def test_no_network(checkout: Checkout) -> None:
    shutil.rmtree(checkout.wheels)
    result = checkout.run()
    assert (result.code, result.out) == (3, "")
    assert "could not be fetched" in result.err
    assert "PIP_INDEX_URL" in result.err
    checkout.lock("1.0")
    assert checkout.run().out == "1.0\n"


def test_a_checkout_that_may_only_be_read_uses_the_cache_folder(checkout: Checkout) -> None:
    checkout.home.chmod(0o777)
    result = checkout.run_as_somebody("x")
    assert (result.code, result.out) == (0, "1.0|x\n"), result
    assert not checkout.venv.exists()
    assert list((checkout.home / ".cache/lessor").glob("venv-*/stamp"))
    cache = checkout.base / "elsewhere"
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)
    checkout.env["XDG_CACHE_HOME"] = str(cache)
    assert checkout.run_as_somebody().code == 0
    assert list((cache / "lessor").glob("venv-*/stamp"))


def test_a_checkout_that_may_only_be_read_without_a_home_names_the_variable(checkout: Checkout) -> None:
    del checkout.env["HOME"]
    result = checkout.run_as_somebody()
    assert result.code == 3
    assert "there is no HOME: say LESSOR_VENV=" in result.err
    mine = checkout.base / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    checkout.env["LESSOR_VENV"] = str(mine / "venv")
    assert checkout.run_as_somebody().out == "1.0\n"


def test_an_environment_that_is_ready_serves_those_who_may_only_read(checkout: Checkout) -> None:
    assert checkout.run().code == 0
    result = checkout.run_as_somebody()
    assert (result.code, result.out, result.err) == (0, "1.0\n", "")


def test_a_folder_that_is_no_environment_is_never_emptied(checkout: Checkout) -> None:
    (checkout.home / "letters").write_text("dear")
    checkout.env["LESSOR_VENV"] = str(checkout.home)
    result = checkout.run()
    assert result.code == 3
    assert "nothing in it was touched" in result.err
    assert [path.name for path in checkout.home.iterdir()] == ["letters"]


def test_a_relative_folder_is_meant_from_where_one_stands(checkout: Checkout) -> None:
    checkout.env["LESSOR_VENV"] = "here"
    assert checkout.run(cwd=checkout.home).code == 0
    assert (checkout.home / "here/stamp").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for somebody else")
def test_what_root_makes_in_somebodys_checkout_is_theirs(checkout: Checkout) -> None:
    for path in (checkout.root, *checkout.root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    assert checkout.run().code == 0
    owners = {path.lstat().st_uid for path in checkout.root.rglob("*")}
    assert owners == {NOBODY}
    assert Path(sys._base_executable).resolve().stat().st_uid != NOBODY


def test_uv_is_used_where_it_is(checkout: Checkout) -> None:
    checkout.program("uv", f'echo "$@" >> {checkout.base}/asked\nexit 0')
    result = checkout.run()
    asked = (checkout.base / "asked").read_text()
    assert "--require-hashes" in asked
    assert "lessor_probe" in result.err  # The pretend uv installed nothing, and pip was not asked.


def test_a_uv_that_fails_leaves_it_to_pip(checkout: Checkout) -> None:
    checkout.program("uv", "echo no such option >&2; exit 2")
    result = checkout.run()
    assert (result.code, result.out) == (0, "1.0\n"), result
    assert "trying pip" in result.err


def test_test_adds_the_tools_and_runs_linters_and_tests(checkout: Checkout) -> None:
    checkout.tools()
    checkout.program("shellcheck", "echo TOOL shellcheck")
    checkout.run()
    result = checkout.run("test", "-q", "-k", "a name")
    assert result.code == 0, result
    tools = [line.split()[1] for line in result.out.splitlines() if line.startswith("TOOL")]
    assert tools == ["ruff", "mypy", "lint-imports", "codespell", "shellcheck", "pytest"]
    assert result.out.rstrip().endswith("-q -k a name")
    assert "setting up" not in checkout.run("test").err
    assert checkout.run("--version").err == ""


def test_compile_adds_its_own_tools_and_no_others(checkout: Checkout) -> None:
    checkout.tools()
    line = make_wheel(checkout.wheels, "lessor_builder", "1", {"lessor_builder.py": ""})
    (checkout.root / "requirements-build.lock").write_text(line)
    tried = "import importlib.util as u, sys\nprint(sys.argv[1:], *map(bool, map(u.find_spec, ({}))))\n"
    (checkout.root / "bootstrap/compile.py").write_text(tried.format("'lessor_probe', 'lessor_builder', 'ruff'"))
    result = checkout.run("compile", "--into", "x")
    assert (result.code, result.out) == (0, "['--into', 'x'] True True False\n"), result
    assert "setting up" in result.err
    for again in (("compile",), ("--version",)):
        assert "setting up" not in checkout.run(*again).err
    assert "setting up" in checkout.run("test", "--lint").err
    assert "setting up" not in checkout.run("compile").err, "the developers' tools hold those that compile"


def test_tests_run_the_sources_unless_told_otherwise(checkout: Checkout) -> None:
    checkout.tools()
    checkout.run("test", "--lint")
    tool = next(checkout.venv.glob("lib/*/site-packages/pytest/__main__.py"))
    tool.write_text("import os\nprint(os.environ['LESSOR_COMPILED'])\n")
    assert checkout.run("test", "app/cli/__main__.py").out == "0\n"
    checkout.env["LESSOR_COMPILED"] = "1"
    assert checkout.run("test", "app/cli/__main__.py").out == "1\n"


@pytest.mark.parametrize("path", ["app", "app/cli/__init__.py::test_x", "not/there", "gone.py", "gone.py::test_x"])
def test_test_with_a_path_runs_no_linter(checkout: Checkout, path: str) -> None:
    checkout.tools()
    result = checkout.run("test", "-q", path, cwd=checkout.root)
    assert result.code == 0, result
    assert [line.split()[1] for line in result.out.splitlines()] == ["pytest"]


def test_a_path_is_meant_from_where_one_stands_or_else_from_the_checkout(checkout: Checkout) -> None:
    checkout.tools()
    checkout.run("test", "--lint")
    tool = next(checkout.venv.glob("lib/*/site-packages/pytest/__main__.py"))
    tool.write_text("import os\nprint(os.getcwd())\n")
    (checkout.home / "test_mine.py").touch()
    assert checkout.run("test", "test_mine.py", cwd=checkout.home).out == f"{checkout.home}\n"
    assert checkout.run("test", "tests/test_theirs.py", cwd=checkout.home).out == f"{checkout.root}\n"


def test_the_linters_alone(checkout: Checkout) -> None:
    checkout.tools(mypy=1)
    result = checkout.run("test", "--lint")
    assert result.code == 1
    assert "TOOL ruff" in result.out
    assert "TOOL pytest" not in result.out


@pytest.mark.parametrize("tool", ["ruff", "mypy", "lint", "code", "pytest"])
def test_a_tool_that_fails_fails_the_run(checkout: Checkout, tool: str) -> None:
    checkout.tools(**{tool: 1})
    result = checkout.run("test")
    assert result.code == 1, result
    assert sum(line.startswith("TOOL") for line in result.out.splitlines()) == 5


def test_no_tests_at_all_is_no_success(checkout: Checkout) -> None:
    checkout.tools(pytest=5)
    assert checkout.run("test").code == 5


def test_a_missing_shellcheck_is_told_and_fails_only_where_tools_are_required(checkout: Checkout) -> None:
    checkout.tools()
    result = checkout.run("test")
    assert result.code == 0
    assert "shellcheck is not installed" in result.out
    result = checkout.run("test", "--require=pg")
    assert result.code == 1
    assert "failed, see above: shellcheck" in result.out


def locked(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    rows = [line.split()[0].partition("==") for line in lines if line[:1].isalpha()]
    return {canonicalize_name(package): version for package, _, version in rows}


def test_the_locks_hold_what_the_project_asks_for_with_hashes_and_no_address() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev, build = (locked(f"requirements{name}.lock") for name in ("", "-dev", "-build"))
    assert run.items() | build.items() <= dev.items()
    asked = [(text, run) for text in project["project"]["dependencies"]]
    asked += [(text, dev) for text in project["dependency-groups"]["dev"] if isinstance(text, str)]
    asked += [(text, build) for text in project["dependency-groups"]["build"]]
    for text, lock in asked:
        requirement = Requirement(text)
        assert requirement.specifier.contains(lock[canonicalize_name(requirement.name)]), text
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(locked(name))


def test_the_launcher_is_posix_sh() -> None:
    assert (ROOT / "lessor").read_text().startswith("#!/bin/sh\n")
    assert os.access(ROOT / "lessor", os.X_OK)
    dash = shutil.which("dash") or "/bin/sh"
    subprocess.run([dash, "-n", str(ROOT / "lessor")], check=True)


def test_the_one_binary_is_the_one_that_is_listed() -> None:
    listed = (ROOT / "bootstrap/SHA256SUMS").read_text().split()
    wheels = [path.name for path in (ROOT / "bootstrap").glob("*.whl")]
    assert [listed[1]] == wheels
    assert hashlib.sha256((ROOT / "bootstrap" / wheels[0]).read_bytes()).hexdigest() == listed[0]
    assert "Permission is hereby granted" in (ROOT / "bootstrap/pip-LICENSE.txt").read_text()
