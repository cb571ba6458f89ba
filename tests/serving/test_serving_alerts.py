"""What Prometheus reads: its rules are valid, concern measures that exist, and sound when they should."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
SERVING = ROOT / "serving"
CASES = Path(__file__).with_name("alerts_test.yaml")
RULES = [
    rule for group in yaml.safe_load((SERVING / "alerts.yaml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]


@pytest.fixture
def promtool(tmp_path):
    """Run Prometheus' own tool beside copies of its files."""
    if shutil.which("promtool") is None:
        pytest.skip("no promtool (Debian: prometheus)")
    for file in (SERVING / "alerts.yaml", SERVING / "prometheus.yml", CASES):
        shutil.copy(file, tmp_path)

    def run(*arguments):
        done = subprocess.run(["promtool", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_prometheus_accepts_configuration_and_rules(promtool):
    promtool("check", "config", "--syntax-only", "prometheus.yml")
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "alerts.yaml")


def test_each_alarm_sounds_when_it_should_and_else_not(promtool):
    assert "SUCCESS" in promtool("test", "rules", CASES.name)


def test_no_alarm_is_without_a_case():
    healthy = yaml.safe_load(CASES.read_text("utf-8"))["tests"][0]["alert_rule_test"]
    assert sorted(case["alertname"] for case in healthy) == sorted(NAMES)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alarm_waits_is_graded_and_says_what_to_do(rule):
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert len(rule["annotations"]["description"]) > 50


def test_alarms_concern_measures_and_labels_that_exist(client, keys, record):
    monitor = {"Authorization": f"Bearer {keys.monitor}"}
    assert client.post("/v1/assessments", json=record).status_code == 201
    for path in ("/readyz", "/healthz", "/metrics"):
        assert client.get(path, headers=monitor).status_code == 200
    text = client.get("/metrics", headers=monitor).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    labels = {sample.name: {"instance", "job", *sample.labels} for sample in samples}
    routes = {sample.labels["route"] for sample in samples if "route" in sample.labels}
    together = "\n".join(rule["expr"] for rule in RULES)
    found = re.findall(r"(icsml_\w+)(?:\{([^}]*)\})?", together)
    assert len(found) >= 8
    for name, selectors in found:
        assert name in labels, name
        assert set(re.findall(r'(\w+)(?:=|!=|=~|!~)"', selectors)) <= labels[name], (name, selectors)
    for named in re.findall(r'route(?:=|!~)"([^"]+)"', together):
        assert set(named.split("|")) <= routes
    assert set(re.findall(r'stage="(\w+)"', together)) <= {sample.labels.get("stage") for sample in samples}


def test_the_service_is_asked_where_compose_runs_it():
    scraped = yaml.safe_load((SERVING / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    composed = yaml.safe_load((SERVING / "compose.yaml").read_text("utf-8"))
    assert [job["job_name"] for job in scraped] == ["icsml"]
    assert scraped[0]["static_configs"] == [{"targets": ["service:8000"]}]
    assert "service" in composed["services"]
    secret = Path(scraped[0]["authorization"]["credentials_file"])
    assert str(secret.parent) == "/run/secrets"
    assert secret.name in composed["services"]["prometheus"]["secrets"]
