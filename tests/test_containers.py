"""Dockerfile, compose files and systemd units, read as text: what they promise, before anything is built."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dhcpcore.settings import described, load

ROOT = Path(__file__).parent.parent
COMPOSE = ("docker-compose.yml", "compose.sqlite.yaml")
UNITS = ("lessor-engine.service", "lessor-web.service")
ENGINE_CAPABILITIES = {"NET_RAW", "NET_BIND_SERVICE", "SETUID", "SETGID"}
ACCOUNT = "10001:10001"


def composed(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


def services(name: str) -> dict[str, dict[str, Any]]:
    return composed(name)["services"]


def dockerfile() -> list[tuple[str, str]]:
    """The instructions with their arguments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line]


def tool(name: str) -> str:
    """A program of the developers' environment."""
    return str(Path(sys.executable).with_name(name))


# ---- Linters. ----


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([tool("hadolint"), "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", COMPOSE)
def test_the_compose_schema_is_kept(name: str) -> None:
    check = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", name]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_breach_of_the_compose_schema_is_seen(tmp_path: Path) -> None:
    wrong = composed("docker-compose.yml")
    wrong["services"]["engine"]["depends_on"]["migrate"]["condition"] = "service_complete"
    (tmp_path / "wrong.yml").write_text(yaml.safe_dump(wrong))
    check = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "wrong.yml"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


# ---- The image. ----


def test_every_base_is_pinned_and_the_stages_share_it() -> None:
    bases = [arguments.split()[0] for name, arguments in dockerfile() if name == "FROM"]
    assert len(bases) == 2
    assert set(bases) == {bases[0]}
    assert re.fullmatch(r"python:3\.13\.\d+-slim-\w+", bases[0])
    for name in COMPOSE:
        for service in services(name).values():
            tag = service["image"].partition(":")[2]
            assert tag
            assert tag != "latest"


def test_what_is_fetched_is_named_by_its_hash() -> None:
    runs = [arguments for name, arguments in dockerfile() if name == "RUN"]
    installs = [one for one in runs if re.search(r"/pip (--python \S+ )?install", one)]
    assert len(installs) == 3
    for one in installs:
        assert "--require-hashes -r requirements" in one or "--no-index" in one
        assert "--only-binary :all:" in one or "--no-index" in one


def test_the_last_stage_fetches_and_builds_nothing() -> None:
    instructions = dockerfile()
    start = max(number for number, (name, _) in enumerate(instructions) if name == "FROM")
    last = instructions[start:]
    runs = " ".join(arguments for name, arguments in last if name == "RUN")
    assert not re.search(r"\bpip\d? install|apt-get|curl|wget|gcc|make\b", runs)
    assert [arguments for name, arguments in last if name == "COPY"] == ["--from=build /opt/lessor /opt/lessor"]
    assert [arguments for name, arguments in last if name == "USER"] == [ACCOUNT]
    assert any(name == "HEALTHCHECK" for name, _ in last)


def test_only_what_is_copied_enters_the_build() -> None:
    ignore = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert ignore[0] == "*"
    let_in = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        source
        for name, arguments in dockerfile() if name == "COPY" and "--from" not in arguments
        for source in arguments.split()[:-1]
    }  # fmt: skip
    assert let_in == copied
    assert all((ROOT / source).exists() for source in copied)


def test_the_wheel_of_the_image_has_all_that_a_wheel_needs() -> None:
    import tomllib

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {arguments.split()[-1] for name, arguments in dockerfile() if name == "COPY"}
    assert {*wheel["packages"], *wheel["force-include"]} <= copied


# ---- The compose files. ----


@pytest.mark.parametrize("name", COMPOSE)
def test_the_engine_has_the_host_s_network_and_four_capabilities(name: str) -> None:
    engine = services(name)["engine"]
    assert engine["network_mode"] == "host"
    assert engine["cap_drop"] == ["ALL"]
    assert set(engine["cap_add"]) == ENGINE_CAPABILITIES
    # Root, to open the sockets; in the group that owns the state, for it has no capability to read past modes.
    assert engine["user"] == "0:10001"


@pytest.mark.parametrize("name", COMPOSE)
def test_nobody_else_has_a_capability_or_root(name: str) -> None:
    for service, what in services(name).items():
        assert what["cap_drop"] == ["ALL"], service
        assert what["read_only"] is True, service
        assert "no-new-privileges:true" in what["security_opt"], service
        assert not {"privileged", "devices", "pid", "ipc"} & set(what), service
        if service != "engine":
            assert "cap_add" not in what, service
            assert what["user"] in {ACCOUNT, "postgres"}, service
            assert what.get("network_mode") in {None, "none"}, service


@pytest.mark.parametrize("name", COMPOSE)
def test_every_service_that_stays_has_a_health_check_and_comes_back(name: str) -> None:
    for service, what in services(name).items():
        if service == "migrate":
            assert (what["healthcheck"], what["restart"]) == ({"disable": True}, "no")
        else:
            assert what["healthcheck"]["test"][0] == "CMD", service
            assert what["restart"] == "unless-stopped", service


@pytest.mark.parametrize("name", COMPOSE)
def test_health_checks_ask_lessor_for_checks_that_there_are(name: str) -> None:
    from app.services.doctor import CHECKS

    known = {check for check, _ in CHECKS}
    for service in ("engine", "web"):
        _, *command = services(name)[service]["healthcheck"]["test"]
        assert command[:2] == ["lessor", "doctor"]
        assert set(command[2::2]) == {"--only"}
        assert set(command[3::2]) <= known


@pytest.mark.parametrize("name", COMPOSE)
def test_engine_and_web_wait_for_the_migration_and_that_for_the_database(name: str) -> None:
    found = services(name)
    for service in ("engine", "web"):
        assert found[service]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    if "database" in found:
        assert found["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
        # The server that fills a new database hears nothing by TCP: it is not taken for the real one.
        assert "--host=127.0.0.1" in found["database"]["healthcheck"]["test"]


@pytest.mark.parametrize("name", COMPOSE)
def test_every_variable_is_a_setting_with_a_right_value(name: str) -> None:
    known = {row.variable for row in described()}
    for service, what in services(name).items():
        given = {
            variable: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value)
            for variable, value in what.get("environment", {}).items() if variable.startswith("LESSOR_")
        }  # fmt: skip
        assert {variable.removesuffix("_FILE") for variable in given} <= known, service
        given = {variable: value for variable, value in given.items() if not variable.endswith("_FILE")}
        assert load(env={"LESSOR_CONFIG": "/dev/null", **given}).warnings == (), service


@pytest.mark.parametrize("name", COMPOSE)
def test_no_secret_stands_in_an_environment(name: str) -> None:
    for service, what in services(name).items():
        for variable, value in what.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL", variable)
            assert not secret or (variable.endswith("_FILE") and value.startswith("/run/secrets/")), (service, variable)
            if secret:
                assert value.removeprefix("/run/secrets/") in what["secrets"], (service, variable)
    for one in composed(name).get("secrets", {}).values():
        assert set(one) == {"file"}


@pytest.mark.parametrize("name", COMPOSE)
def test_engine_and_web_share_the_state_and_so_the_control_socket(name: str) -> None:
    found = services(name)
    for service in ("migrate", "engine", "web"):
        assert "state:/var/lib/lessor" in found[service]["volumes"]
        assert found[service]["environment"]["LESSOR_STATE_DIR"] == "/var/lib/lessor"


@pytest.mark.parametrize("name", COMPOSE)
def test_the_pages_are_published_to_this_machine_alone_unless_told(name: str) -> None:
    assert services(name)["web"]["ports"] == ["${PAGES:-127.0.0.1:8067}:8067"]


def test_both_variants_run_the_same_engine_and_web() -> None:
    of_postgresql, of_sqlite = (services(name) for name in COMPOSE)
    assert set(of_postgresql) - set(of_sqlite) == {"database"}

    def same(service: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in service.items() if key not in {"secrets", "volumes", "depends_on"}}
        kept["environment"] = {k: v for k, v in service["environment"].items() if k != "LESSOR_DATABASE_URL_FILE"}
        return kept

    for service in of_sqlite:
        assert same(of_postgresql[service]) == same(of_sqlite[service]), service


# ---- What the manual says to type. ----

COMPOSED = re.findall(r"^    (docker compose .*)$", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", COMPOSE)
def test_every_command_of_the_manual_asks_a_service_of_both_files_for_a_verb_that_there_is(name: str) -> None:
    from app.cli.verbs import VERBS

    verbs = re.compile(r"docker compose (?:exec(?: -T)? (\S+) lessor|run --rm(?: -T)? (\w+)) (\S+).*")
    asked = [found.groups() for line in COMPOSED if (found := verbs.fullmatch(line))]
    assert {verb for _, _, verb in asked} >= {"apply", "backup", "doctor", "lease", "restore"}
    for running, started, verb in asked:
        assert (running or started) in services(name)
        assert verb in VERBS
    named = [line for line in COMPOSED
             if re.match(r"docker compose (exec|run)\b", line) and "--entrypoint" not in line]
    assert len(named) == len(asked)


def test_what_the_manual_feeds_to_a_container_comes_by_its_standard_input() -> None:
    # A file that is copied into a volume is root's there: the account may not read it, and the engine's root may not
    # give it to the account, for it has no capability to.
    assert [line for line in COMPOSED if re.match(r"docker compose cp \S+ \w+:", line)] == []
    fed = [line for line in COMPOSED if " < " in line]
    assert len(fed) == 3
    assert all(" -T " in line for line in fed)  # No terminal, which a pipe is not.


# ---- The units. ----


def unit(name: str) -> dict[str, list[str]]:
    """Every key with its values in order."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "docs/deploy" / name).read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_engine_s_unit_is_watched_and_has_two_capabilities() -> None:
    engine = unit("lessor-engine.service")
    assert engine["Type"] == ["notify"]
    assert int(engine["WatchdogSec"][0]) >= 15  # A statement's time limit and a slow disk fit in.
    for key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert engine[key] == ["CAP_NET_RAW CAP_NET_BIND_SERVICE"]
    assert "capset" in engine["SystemCallFilter"]  # With which it gives them up.
    assert {"AF_NETLINK", "AF_PACKET"} <= set(engine["RestrictAddressFamilies"][0].split())


def test_the_pages_unit_has_none() -> None:
    web = unit("lessor-web.service")
    assert web["AmbientCapabilities"] == web["CapabilityBoundingSet"] == [""]
    assert web["Type"] == ["notify"]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_as_the_account_and_writes_its_state_alone(name: str) -> None:
    found = unit(name)
    assert (found["User"], found["Group"]) == (["lessor"], ["lessor"])
    assert found["ProtectSystem"] == ["strict"]
    assert found["StateDirectory"] == ["lessor"]
    assert found["NoNewPrivileges"] == found["ProtectHome"] == found["PrivateTmp"] == ["yes"]
    assert found["Restart"] == ["always"]


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_the_unit(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    text = (ROOT / "docs/deploy" / name).read_text().replace("/opt/lessor/lessor", "/bin/true")
    (tmp_path / name).write_text(re.sub(r"postgresql.service|lessor-engine.service", "", text))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
                          capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if name in line]
    assert (done.returncode, ours) == (0, []), done.stderr
