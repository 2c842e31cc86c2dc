"""Manifests name what exists: commands, settings, ports, keys of the secret, services by their labels."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cli.main import MODULES
from cli.processes import PROCESSES
from runtime.settings import PREFIX, Settings, load, variable

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "ops/compose/compose.yaml").read_text())
KUBERNETES = ROOT / "ops/kubernetes"
KUSTOMIZATION = KUBERNETES / "kustomization.yaml"
FILES = sorted(set(KUBERNETES.glob("*.yaml")) - {KUSTOMIZATION})
OBJECTS: list[dict[str, Any]] = [each for file in FILES for each in yaml.safe_load_all(file.read_text())]
KNOWN = {variable(field) for field in Settings.__struct_fields__}
LONG_RUNNING = {process.command for process in PROCESSES}
SECRET = {"database-url", "migration-url", "token-secret", "wrapping-key", "carrier-keys"}
UPGRADE = "upgrade"
"""The job after the workers; on one machine an operator does it."""
GRACE = {"api": 15, "worker": 5, "metrics": 5}
"""Seconds that a process takes to end by itself, at most."""


def of_kind(kind: str) -> list[dict[str, Any]]:
    """All objects of a kind."""
    return [each for each in OBJECTS if each["kind"] == kind]


def pods() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every pod with its name and its one container."""
    for each in of_kind("Deployment") + of_kind("Job"):
        pod = each["spec"]["template"]["spec"]
        [container] = pod["containers"]
        yield each["metadata"]["name"], pod, container


def environment(container: dict[str, Any]) -> dict[str, str]:
    """The variables of a container; those from the secret with a value of their kind."""
    shared = of_kind("ConfigMap")[0]["data"] if "envFrom" in container else {}
    url = "postgresql://motcua_app:x@postgres:5432/motcua"
    return {**shared, **{each["name"]: each.get("value", url) for each in container["env"]}}


def test_every_process_is_deployed() -> None:
    """All long-running processes and the migration, here and there, each started by its own command."""
    assert {name for name, _, _ in pods()} == {*COMPOSE["services"], UPGRADE} == {*LONG_RUNNING, "migrate", UPGRADE}
    for name, _, container in pods():
        assert name in MODULES
        assert container["args"][0] == name
        if name != UPGRADE:
            assert container["args"] == COMPOSE["services"][name]["command"]


def test_the_version_that_is_made_current_is_that_of_the_workers() -> None:
    """A job that names another version than the workers have would leave them without work."""
    containers = {name: container for name, _, container in pods()}
    assert containers[UPGRADE]["args"][1] == environment(containers["worker"])["MOTCUA_WORKER_BUILD"]


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_every_object_is_what_kubernetes_knows(version: str) -> None:
    """By the schemas of the oldest and the newest version that these manifests are for; no field is misspelt."""
    for each in OBJECTS:
        kubernetes_validate.validate(each, version, strict=True)


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    """The configuration for a cluster, by Prometheus's own parser; it finds ports by names that the pods have.

    Debian's Prometheus is built without the discovery of Kubernetes, so the parser sees another kind in its place.
    """
    file = ROOT / "ops/prometheus/prometheus.yml"
    ports = {port["name"] for _, _, container in pods() for port in container.get("ports", ())}
    assert set(re.findall(r"regex: ((?:own|sdk)-metrics)", file.read_text())) == ports - {"http"}
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("the configuration of Prometheus: no promtool here (Debian has it in the package 'prometheus')")
    seen = tmp_path / "prometheus.yml"
    seen.write_text(re.sub(r"kubernetes_sd_configs: .*", "static_configs: []", file.read_text()))
    command = [promtool, "check", "config", "--syntax-only", str(seen)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_settings_are_real_and_valid() -> None:
    """Every MOTCUA_* variable is one that the program reads, and takes."""
    for name, service in COMPOSE["services"].items():
        assert set(service["environment"]) <= KNOWN, name
    for _, _, container in pods():
        variables = environment(container)
        assert all(each.startswith(PREFIX) for each in variables)
        assert set(variables) <= KNOWN
        load({**variables, "MOTCUA_STATE_DIR": "/nonexistent"})


def test_ports_are_where_the_processes_listen() -> None:
    """Probes and services reach the port that the process is told."""
    for name, pod, container in pods():
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
        settings = load({**environment(container), "MOTCUA_STATE_DIR": "/nonexistent"})
        told = {"api": settings.api_port, "metrics": settings.metrics_port, "worker": settings.sdk_metrics_port}
        own = [settings.process_metrics_port] if name in LONG_RUNNING else []
        assert list(ports.values()) == ([told[name]] if name in told else []) + own
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container.get(kind, {})
            assert probe.get("httpGet", {"port": "http"})["port"] == "http"
            assert "httpGet" not in probe or "http" in ports
            assert "exec" not in probe or probe["exec"]["command"][-1] == str(settings.ready_file)
        assert pod["automountServiceAccountToken"] is False
    selectable = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind("Deployment")]
    for each in of_kind("Service"):
        assert each["spec"]["selector"] in selectable


def test_every_process_may_end_in_order() -> None:
    """It is killed only after the longest time that it may take to stop; requests and limits of memory are given."""
    for name, pod, container in pods():
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        if name in LONG_RUNNING:
            assert "readinessProbe" in container
            assert pod["terminationGracePeriodSeconds"] > GRACE.get(name, 5)
            assert int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) > GRACE.get(name, 5)


def test_keys_come_from_the_secret() -> None:
    """What is taken from the secret is what its recipe puts in; nothing secret stands in a manifest."""
    recipe = (ROOT / "ops/kubernetes/settings.yaml").read_text()
    for _, pod, container in pods():
        items = [item["key"] for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", ())]
        taken = [each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"] if "valueFrom" in each]
        assert {*items, *taken} <= SECRET
    assert all(key in recipe for key in SECRET)
    assert of_kind("Secret") == []


def test_the_owner_of_the_schema_only_migrates() -> None:
    """Processes that serve never hold the login that could change history."""
    for name, _, container in pods():
        assert ("MOTCUA_MIGRATION_URL" in environment(container)) is (name == "migrate")
    for name, service in COMPOSE["services"].items():
        assert ("MOTCUA_MIGRATION_URL" in service["environment"]) is (name == "migrate")


def test_network_policies_select_what_exists() -> None:
    """All is denied but what is named, and what is named exists."""
    policies = of_kind("NetworkPolicy")
    assert any(each["spec"]["podSelector"] == {} and "ingress" not in each["spec"] for each in policies)
    for each in policies:
        named = each["spec"]["podSelector"].get("matchLabels", {}).get("process")
        assert named is None or named in LONG_RUNNING


def test_kustomize_takes_the_files() -> None:
    """Every manifest is applied, once, and kubectl builds them together."""
    assert sorted(yaml.safe_load(KUSTOMIZATION.read_text())["resources"]) == [file.name for file in FILES]
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubernetes manifests: no kubectl here")
    answer = subprocess.run([kubectl, "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert len(list(yaml.safe_load_all(answer.stdout))) == len(OBJECTS)


def test_compose_takes_the_file() -> None:
    """Docker's own parser resolves the file."""
    docker = shutil.which("docker")
    probe = [docker or "docker", "compose", "version"]
    if docker is None or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("compose file: no 'docker compose' here")
    given = {"DATABASE_URL": "x", "MIGRATION_URL": "x", "TEMPORAL_ADDRESS": "x:1", "PUBLIC_URL": "https://x.vn"}
    command = [docker, "compose", "--file", str(ROOT / "ops/compose/compose.yaml"), "config", "--quiet"]
    answer = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", **given}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_the_image_is_built_from_the_lock() -> None:
    """With hashes, as nobody's superuser, by the program's own command."""
    text = (ROOT / "ops/Containerfile").read_text()
    assert "--require-hashes --requirement requirements.lock" in text
    assert "USER 10001" in text
    assert 'ENTRYPOINT ["motcua"]' in text
