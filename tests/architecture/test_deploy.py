"""What is run in containers and under systemd: pinned, without secrets, with as few rights as it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.architecture.source import REPOSITORY

DEPLOY = REPOSITORY / "api" / "deploy"
UNITS = ("qf.service", "qf-worker.service")

PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+(\.\d+)?[a-z0-9.-]*(@sha256:[0-9a-f]{64})?")
"""An image by its exact version."""

SECRET = re.compile(r"(SECRET|PASSWORD|TOKEN)\b")

OURS = ("migrate", "api", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, in order."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [
        (word, rest) for word, _, rest in (line.partition(" ") for line in lines if line and not line.startswith("#"))
    ]


def stages() -> list[list[tuple[str, str]]]:
    starts = [place for place, (word, _) in enumerate(instructions()) if word == "FROM"]
    return [instructions()[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


# ------------------------------------------------------------------------------------------------------------- image


def test_images_are_pinned_by_version(compose: dict[str, Any]) -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    others = [service["image"] for name, service in compose["services"].items() if name not in OURS]
    assert bases and others
    assert [image for image in [*bases, *others] if not PINNED.fullmatch(image)] == []


def test_the_image_runs_as_an_ordinary_user_with_a_health_check() -> None:
    last = dict(stages()[-1])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])
    assert "/healthz" in last["HEALTHCHECK"]
    words = [word for word, _ in stages()[-1]]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in {"RUN", "COPY"})


def test_the_image_is_made_of_named_files_and_pinned_packages() -> None:
    assert {word for word, _ in instructions()}.isdisjoint({"ADD", "ARG", "MAINTAINER"})
    copied = [rest.split() for word, rest in instructions() if word == "COPY" and "--from=" not in rest]
    assert {word for words in copied for word in words[:-1]} == {"requirements/service.txt", "qf", "api"}
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert installs and all("--require-hashes" in rest for rest in installs)
    assert not [rest for _, rest in instructions() if re.search(r"curl|wget|apt-get|sudo|chmod 0?777", rest)]


def test_no_secret_is_in_the_image_or_sent_to_its_builder() -> None:
    assert not [rest for word, rest in instructions() if word in {"ENV", "LABEL", "RUN"} and SECRET.search(rest)]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = [line for line in ignored if line.startswith("!")]
    assert next(line for line in ignored if line and not line.startswith("#")) == "*"
    assert kept == ["!qf", "!api", "!requirements/service.txt"]


def pins(lock: str) -> dict[str, str]:
    text = (REPOSITORY / "requirements" / lock).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", text, re.MULTILINE))


def test_the_packages_of_the_image_are_those_that_were_tested() -> None:
    service, dev = pins("service.txt"), pins("dev.txt")
    assert {"fastapi", "sqlmodel", "psycopg", "web3", "uvicorn", "typer"} <= set(service)
    assert {name: version for name, version in service.items() if dev.get(name) != version} == {}
    assert not {"pytest", "mypy", "ruff", "hypothesis", "playwright", "mkdocs"} & set(service)


# ----------------------------------------------------------------------------------------------------------- compose


def test_nothing_starts_with_a_secret_that_strangers_know(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and variable != "QF_METRICS_TOKEN":
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), f"{name}: {variable} may be empty"
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE))
    assert not [name for name, value in given.items() if SECRET.search(name) and value]
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert asked == set(given)


def test_only_the_proxy_is_reachable_and_the_service_has_few_rights(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["database"]["networks"] == ["inside"] and compose["networks"]["inside"]["internal"]
    for name in (*OURS, "proxy"):
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert not [name for name, service in services.items() if service.get("privileged") or "user" in service]


def test_the_proxy_is_the_one_that_is_believed(compose: dict[str, Any]) -> None:
    address = compose["services"]["proxy"]["networks"]["outside"]["ipv4_address"]
    [outside] = compose["networks"]["outside"]["ipam"]["config"]
    assert compose["services"]["api"]["environment"]["QF_PROXIES"] == f'["{address}/32"]'
    last = int(address.rpartition(".")[2])
    assert outside["ip_range"].endswith(".128/25") and last < 128, "nobody else gets its address"
    assert "trusted_proxies" not in caddy_rules() and "respond @inside 404" in caddy_rules()


def caddy_rules() -> str:
    lines = (DEPLOY / "Caddyfile").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def test_tables_are_up_to_date_before_anything_uses_them(compose: dict[str, Any]) -> None:
    for name in ("api", "worker"):
        assert compose["services"][name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > 40


# ----------------------------------------------------------------------------------------------------------- systemd


@pytest.mark.parametrize("unit", UNITS)
def test_units_are_locked_up(unit: str) -> None:
    rules = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / unit).read_text("utf-8"), re.MULTILINE))
    assert rules["DynamicUser"] == rules["NoNewPrivileges"] == rules["ProtectHome"] == rules["PrivateTmp"] == "yes"
    assert rules["ProtectSystem"] == "strict" and rules["CapabilityBoundingSet"] == ""
    assert rules["UMask"] == "0077" and rules["StateDirectoryMode"] == "0700"
    assert int(rules["TimeoutStopSec"]) > 40
    assert not SECRET.search(rules["Environment"])


def test_units_differ_in_what_they_run_only() -> None:
    first, second = ((DEPLOY / unit).read_text("utf-8").splitlines() for unit in UNITS)
    assert [line for line in second if line not in first and not line.startswith("#")] == [
        "Description=qf: jobs of quadratic funding rounds",
        "ExecStart=/srv/qf/.venv/bin/qf worker",
    ]


@pytest.mark.parametrize("unit", UNITS)
def test_units_are_understood_by_systemd_where_there_is_one(unit: str, tmp_path: Path) -> None:
    text = (DEPLOY / unit).read_text("utf-8")
    (tmp_path / unit).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        done = subprocess.run([analyze, "verify", str(tmp_path / unit)], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert "ExecStart=/bin/true" in (tmp_path / unit).read_text("utf-8")
