"""The image and the composition, as far as they can be checked without an engine that runs containers."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from icsml.serving.keys import create_key
from icsml.serving.settings import ServingSettings

ROOT = Path(__file__).parents[2]
SERVING = ROOT / "serving"
BIN = Path(sys.executable).parent
ICSML_VARIABLES = {"ICSML_HOME", "ICSML_LEDGER_URL"} | {
    f"ICSML_{name.upper()}" for name in ServingSettings.model_fields
}
OTHER_VARIABLES = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "OMP_WAIT_POLICY", "NUMBA_CACHE_DIR"}
SECRETS_OF = {"service": {"pgpass"}, "postgres": {"postgres_password"}, "mlflow": set(), "prometheus": {"monitor_key"}}


def _instructions():
    text = re.sub(r"^\s*#.*\n", "", (SERVING / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


INSTRUCTIONS = _instructions()
LAST_STAGE = INSTRUCTIONS[max(i for i, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM") :]


def _last(name):
    return [rest for found, rest in LAST_STAGE if found == name][-1]


def _environment():
    settings = (word for name, rest in LAST_STAGE if name == "ENV" for word in shlex.split(rest))
    return dict(setting.split("=", 1) for setting in settings)


@pytest.fixture(scope="module")
def composed():
    """The composition as Compose itself reads it: checked against its schema, with defaults and variables in place."""
    command = [BIN / "docker-compose", "--file", SERVING / "compose.yaml", "config", "--format", "json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ICSML_", "COMPOSE_"))}
    return json.loads(subprocess.check_output(command, env=environment))


def test_the_dockerfile_passes_its_linter():
    subprocess.run([BIN / "hadolint", "--failure-threshold", "style", SERVING / "Dockerfile"], check=True)


def test_the_image_is_built_from_hashes_and_runs_as_nobody_special():
    names = {name for name, _ in INSTRUCTIONS}
    assert {"ADD", "MAINTAINER"}.isdisjoint(names)
    installs = [
        part for name, rest in INSTRUCTIONS if name == "RUN" for part in rest.split("&&") if "pip install" in part
    ]
    assert len(installs) == 2
    assert all("--require-hashes" in part or "--no-deps --no-build-isolation ." in part for part in installs)
    user, group = _last("USER").split(":")
    assert min(int(user), int(group)) >= 10000
    assert _last("STOPSIGNAL") == "SIGTERM"
    assert json.loads(_last("ENTRYPOINT")) == ["icsml"]
    assert ("ARG", "BASE=python:3.11-slim-bookworm") in INSTRUCTIONS


def test_what_is_copied_is_there_and_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    sent = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    assert all((ROOT / path).exists() for path in sent)
    copied = [rest.split()[:-1] for name, rest in INSTRUCTIONS if name == "COPY" and "--from" not in rest]
    sources = [
        source.replace("${SET}", kind) for several in copied for source in several for kind in ("scoring", "demo")
    ]
    assert len(sources) >= 10
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source == path or source.startswith(path + "/") for path in sent), source


def test_every_variable_of_the_image_means_something():
    assert set(_environment()) <= ICSML_VARIABLES | OTHER_VARIABLES
    assert len(_environment()) >= 5


def test_the_command_of_the_image_serves_and_its_health_check_tells(house, bundle, serve_process):
    create_key(house / "keys.json", "bank-a", "score")
    command, image = json.loads(_last("CMD")), _environment()
    assert command == ["serve", "--model", "/srv/model"]
    settings = {
        name: image[name] for name in ("ICSML_HOST", "ICSML_PORT", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    }
    served = serve_process(bundle.folder, **settings)
    address = urlsplit(served.url)
    assert address.hostname == "0.0.0.0"
    check = json.loads(_last("HEALTHCHECK").partition("CMD ")[2])
    assert check[0] == "python"

    def health():
        asked = [sys.executable, *check[1:]]
        environment = os.environ | {"ICSML_PORT": str(address.port)}
        return subprocess.run(asked, env=environment, stderr=subprocess.DEVNULL, check=False).returncode

    assert health() == 0
    assert served.stop() == 0
    assert health() != 0


def test_every_container_is_hardened(composed):
    assert set(composed["services"]) == set(SECRETS_OF)
    for name, service in composed["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["init"] is True, name
        assert {"privileged", "cap_add", "network_mode", "pid", "devices"}.isdisjoint(service), name
        assert "build" in service or not service.get("user", "0").startswith("0"), name
        assert all(mount.get("source") != "/var/run/docker.sock" for mount in service.get("volumes", [])), name


def test_every_container_tells_whether_it_is_healthy_and_waits_for_those_it_needs(composed):
    for name, service in composed["services"].items():
        assert "healthcheck" in service or name == "service", name  # the service's is in its image
        for needed in service.get("depends_on", {}).values():
            assert needed["condition"] == "service_healthy", name
    assert set(composed["services"]["service"]["depends_on"]) == {"postgres", "mlflow"}


def test_images_of_others_are_named_by_version(composed):
    images = {name: service["image"] for name, service in composed["services"].items() if "build" not in service}
    assert set(images) == {"postgres", "prometheus"}
    for image in images.values():
        assert re.search(r":v?\d[\w.-]*$|@sha256:[0-9a-f]{64}$", image), image
    builds = {service["build"]["dockerfile"] for service in composed["services"].values() if "build" in service}
    assert builds == {"serving/Dockerfile"}


def test_only_the_service_is_published_and_only_on_this_machine(composed):
    ports = {name: service["ports"] for name, service in composed["services"].items() if service.get("ports")}
    assert [(port["host_ip"], port["published"], port["target"]) for port in ports.pop("service")] == [
        ("127.0.0.1", "8000", int(_environment()["ICSML_PORT"]))
    ]
    assert ports == {}
    assert composed["networks"]["inner"]["internal"] is True
    outside = {name for name, service in composed["services"].items() if set(service["networks"]) != {"inner"}}
    assert outside == {"service"}


def test_secrets_come_from_files_and_go_to_those_who_need_them(composed):
    given = {
        name: {secret["source"] for secret in service.get("secrets", [])}
        for name, service in composed["services"].items()
    }
    assert given == SECRETS_OF
    for service in composed["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or name.endswith("_FILE"), name
            assert "@" not in value or urlsplit(value).password is None, name
            if value.startswith("/run/secrets/"):
                assert Path(value).name in {secret["source"] for secret in service["secrets"]}
    files = {name: Path(secret["file"]) for name, secret in composed["secrets"].items()}
    assert all(path == SERVING / "secrets" / name for name, path in files.items())


def test_variables_of_the_service_are_known(composed):
    service = composed["services"]["service"]["environment"]
    assert set(service) <= ICSML_VARIABLES | {"MLFLOW_TRACKING_URI", "PGPASSFILE"}


def test_the_mounts_are_what_the_image_writes_to(composed):
    mounts = {mount["target"]: mount for mount in composed["services"]["service"]["volumes"]}
    volumes = json.loads(_last("VOLUME"))
    assert set(volumes) == {_environment()["ICSML_HOME"], _environment()["NUMBA_CACHE_DIR"]}
    assert set(volumes) < set(mounts)
    model = mounts["/srv/model"]
    assert model["read_only"] is True
    assert (Path(model["source"]) / "manifest.json").exists()


def test_secrets_are_made_once_and_belong_to_the_user_of_each_container(composed, tmp_path):
    tools, folder, owners = tmp_path / "bin", tmp_path / "secrets", tmp_path / "owners"
    tools.mkdir()
    (tools / "chown").write_text(f'#!/bin/sh\necho "$@" >> "{owners}"\n')
    (tools / "chown").chmod(0o755)
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
    command = [SERVING / "make-secrets", folder]
    subprocess.run(command, env=environment, check=True)
    written = dict(reversed(line.split()) for line in owners.read_text().splitlines())
    users = {service: _user(composed, service) for service in SECRETS_OF}
    expected = {str(folder / secret): users[service] for service, all_ in SECRETS_OF.items() for secret in all_}
    assert written == expected
    password = (folder / "postgres_password").read_text()
    assert re.fullmatch("[0-9a-f]{64}", password)
    assert (folder / "pgpass").read_text() == f"postgres:5432:icsml:icsml:{password}\n"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    again = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    assert (again.returncode, password) == (3, (folder / "postgres_password").read_text())


def _user(composed, service):
    return composed["services"][service].get("user", _last("USER")).split(":")[0]
