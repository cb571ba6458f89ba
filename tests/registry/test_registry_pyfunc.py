"""The registered model in MLflow's own hands: what it takes, what it refuses, what its server and evaluation give."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from icsml.decision.example import bundle_example
from icsml.decision.frame import frame_scores
from icsml.errors import InputError, ModelError
from icsml.records.dataset import read_dataset, write_dataset
from icsml.records.extra import ExtraFeature
from icsml.registry import log_training, tracking_uri
from icsml.texts.label import Label
from icsml.validation.auc import auc
from icsml.validation.brier import brier
from icsml.workflows.train import train_bundle

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
    pytest.mark.filterwarnings("ignore:.*Inferred schema contains integer column"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # MLflow's evaluation
    pytest.mark.filterwarnings("ignore:Using `httpx` with"),  # starlette's test client
]
DATASET = {"name": "book", "digest": "d" * 64, "source": "here", "rows": 3}


@pytest.fixture(scope="module")
def extended(book_folder, quick_config, tmp_path_factory):
    """A model of the small book with one declared extra feature."""
    dataset = read_dataset(book_folder)
    extra = ExtraFeature(name="calls", label=Label(en="Calls", zh="次"), group="loan")
    rows = dataset.enterprises.assign(
        **{"extra.calls": np.random.default_rng(5).poisson(3, len(dataset.enterprises)).astype(float)}
    )
    folder = tmp_path_factory.mktemp("extended")
    meta = dataset.meta.model_copy(update={"extra_features": [extra]})
    write_dataset(folder / "book", meta, rows, dataset.outcomes)
    return train_bundle(folder / "book", quick_config, out=folder / "bundle")


@pytest.fixture(scope="module")
def stored(extended, tmp_path_factory):
    """A registry that holds the model, with MLflow set to it."""
    import mlflow

    home = tmp_path_factory.mktemp("stored") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICSML_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)  # other modules point MLflow elsewhere
        logged = log_training(
            extended.bundle.folder, name="icsml-pd", params={"a": 1}, metrics={}, tables={}, dataset=DATASET
        )
        mlflow.set_tracking_uri(tracking_uri())
        yield SimpleNamespace(home=home, logged=logged, model=mlflow.pyfunc.load_model("models:/icsml-pd/1"))
        mlflow.set_tracking_uri(None)


@pytest.fixture
def frame(extended):
    return extended.dataset.enterprises.head(60)


@pytest.fixture
def expected(extended, frame):
    return frame_scores(extended.bundle, frame)


@pytest.fixture(scope="module")
def server(stored):
    """MLflow's scoring server of the model."""
    from fastapi.testclient import TestClient
    from mlflow.pyfunc import scoring_server

    with TestClient(scoring_server.init(stored.model)) as client:
        yield client


def split(rows):
    columns = list(rows[0])
    return {"columns": columns, "data": [[row[name] for name in columns] for row in rows]}


def records(frame):
    """Return rows as JSON gives them: extra features nested, dates as texts, nothing as null."""
    found = []
    for row in frame.to_dict("records"):
        plain = {key: _plain(value) for key, value in row.items()}
        extra = {key.removeprefix("extra."): plain.pop(key) for key in list(plain) if key.startswith("extra.")}
        found.append({key: value for key, value in plain.items() if value is not None} | {"extra": extra})
    return found


def flat(frame):
    return [{key: _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value):
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def model_folder(stored):
    return next((stored.home / "mlartifacts" / "models").iterdir()) / "artifacts"


def test_frames_records_and_one_record_give_the_same_to_the_last_bit(stored, frame, expected):
    pd.testing.assert_frame_equal(stored.model.predict(frame), expected, check_exact=True)
    found = stored.model.predict(records(frame))
    assert found["pd"].tolist() == expected["pd"].tolist()
    assert found["grade"].tolist() == expected["grade"].tolist()
    assert stored.model.predict(records(frame)[3])["pd"].tolist() == [expected["pd"].iloc[3]]
    rows = flat(frame)
    by_column = {name: [row[name] for row in rows] for name in rows[0]}
    as_series = {name: pd.Series(values, dtype=object) for name, values in by_column.items()}
    assert stored.model.predict(as_series)["pd"].tolist() == expected["pd"].tolist()
    assert stored.model.predict(by_column)["pd"].tolist() == expected["pd"].tolist()


def test_timestamps_at_midnight_are_dates(stored, frame, expected):
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+08:00"):
        texts = frame.assign(as_of=pd.to_datetime(frame["as_of"]).dt.strftime(form))
        assert stored.model.predict(texts)["pd"].tolist() == expected["pd"].tolist()
        told = [row | {"as_of": text} for row, text in zip(records(frame), texts["as_of"], strict=True)]
        assert stored.model.predict(told)["pd"].tolist() == expected["pd"].tolist()
    zoned = frame.assign(as_of=pd.to_datetime(frame["as_of"]).dt.tz_localize("Asia/Shanghai"))
    assert stored.model.predict(zoned)["pd"].tolist() == expected["pd"].tolist()
    just_after = frame.assign(as_of=pd.to_datetime(frame["as_of"]).astype("datetime64[ns]") + pd.Timedelta(1, "ns"))
    with pytest.raises(InputError, match="as_of"):
        stored.model.predict(just_after)
    late = frame.assign(as_of=pd.to_datetime(frame["as_of"]).dt.strftime("%Y-%m-%dT16:00:00Z"))
    with pytest.raises(InputError, match="as_of"):
        stored.model.predict(late)
    with pytest.raises(InputError, match="as_of"):
        stored.model.predict(records(frame)[0] | {"as_of": "2024-01-01T16:00:00Z"})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda frame: frame.assign(revenu_cny=1.0), "revenu_cny"),
        (lambda frame: frame.drop(columns="extra.calls"), "extra.calls"),
        (lambda frame: [records(frame)[0], records(frame)[1] | {"revenu_cny": 1.0}], "record 2: revenu_cny"),
        (lambda frame: records(frame)[0] | {"extra": {"cals": 1.0}}, "record 1: extra.cals"),
        (lambda frame: pd.concat([frame, frame[["revenue_cny"]]], axis=1), "revenue_cny"),
        (lambda frame: {"enterprise_id": ["a", "b"], "revenue_cny": [1.0]}, "model_input"),
        (lambda frame: frame["revenue_cny"], "model_input"),
        (lambda frame: frame[["revenue_cny"]].to_numpy(), "model_input"),
        (lambda frame: [1.0, 2.0], "model_input"),
        (lambda frame: "E1", "model_input"),
        (lambda frame: "", "model_input"),
        (lambda frame: 7, "model_input"),
        (
            lambda frame: frame.assign(revenue_cny=pd.Series([True, *[5.0] * 59], frame.index, dtype=object)),
            "revenue_cny",
        ),
        (
            lambda frame: frame.assign(revenue_cny=pd.Series(["12", *[5.0] * 59], frame.index, dtype=object)),
            "revenue_cny",
        ),
        (
            lambda frame: frame.assign(staff_total=pd.Series([True, *[5] * 59], frame.index, dtype=object)),
            "staff_total",
        ),
    ],
)
def test_what_it_does_not_know_is_refused_and_never_dropped(stored, frame, change, named):
    with pytest.raises(InputError) as caught:
        stored.model.predict(change(frame))
    assert named in str(caught.value.field)


def test_a_record_without_an_extra_feature_is_one_where_it_is_missing(stored, extended, frame):
    record = records(frame)[0]
    del record["extra"]
    missing = frame.head(1).assign(**{"extra.calls": np.nan})
    found = stored.model.predict(record)
    assert found["pd"].tolist() == frame_scores(extended.bundle, missing)["pd"].tolist()


def test_missing_values_may_be_written_in_any_way(stored, frame, expected):
    for nothing in (None, float("nan"), pd.NA, np.float64("nan")):
        rows = [{k: (nothing if v is None else v) for k, v in row.items()} for row in flat(frame)]
        told = [
            {k: v for k, v in row.items() if not k.startswith("extra.")} | {"extra": {"calls": row["extra.calls"]}}
            for row in rows
        ]
        assert stored.model.predict(told)["pd"].tolist() == expected["pd"].tolist()


def test_nothing_in_gives_nothing_out(stored, frame):
    for nothing in ([], frame.head(0)):
        found = stored.model.predict(nothing)
        assert (len(found), list(found)) == (0, ["pd", "grade", "score"])


def test_the_index_of_a_frame_is_kept(stored, frame, expected):
    shifted = frame.set_axis([f"row {i}" for i in range(len(frame))])
    assert stored.model.predict(shifted).index.tolist() == shifted.index.tolist()


def test_the_model_file_says_what_goes_in_and_comes_out(stored, extended):
    import mlflow

    folder = model_folder(stored)
    stated = yaml.safe_load((folder / "MLmodel").read_text())
    outputs = json.loads(stated["signature"]["outputs"])
    assert [column["name"] for column in outputs] == ["pd", "grade", "score"]
    inputs = stated["metadata"]["inputs"]
    assert inputs["extra.calls"] == "required"
    assert set(extended.bundle.model.encoder.inputs) <= inputs.keys()
    assert {name for name in inputs if inputs[name] == "required"} == {"enterprise_id", "extra.calls"}
    assert stated["metadata"]["bundle_sha256"] == extended.bundle.sha256
    example = mlflow.models.Model.load(str(folder)).load_input_example(str(folder))
    assert 0 < stored.model.predict(example)["pd"].iloc[0] < 1
    nested = bundle_example(extended.bundle)
    assert stored.model.predict(nested)["pd"].tolist() == stored.model.predict(example)["pd"].tolist()


def test_the_model_belongs_to_its_run(stored):
    import mlflow

    client = mlflow.MlflowClient()
    run = client.get_run(stored.logged.run_id)
    (output,) = run.outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert (model.source_run_id, model.experiment_id) == (run.info.run_id, run.info.experiment_id)
    assert str(model.status) == "READY"


def test_the_environment_needs_no_index_that_has_icsml(stored):
    folder = model_folder(stored)
    stated = yaml.safe_load((folder / "MLmodel").read_text())["metadata"]["icsml_wheel_sha256"]
    (wheel,) = (folder / "artifacts").glob("*.whl")
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == stated
    requirements = (folder / "requirements.txt").read_text().split()
    assert f"artifacts/{wheel.name}" in requirements
    assert not [line for line in requirements if line.startswith("icsml")]
    assert any(line.startswith("mlflow==") for line in requirements)


def test_a_model_with_another_wheel_is_refused(stored):
    import mlflow

    (wheel,) = (model_folder(stored) / "artifacts").glob("*.whl")
    content = wheel.read_bytes()
    wheel.write_bytes(content + b"\n")
    try:
        with pytest.raises(ModelError, match="ICS-REG-020"):
            mlflow.pyfunc.load_model("models:/icsml-pd/1")
    finally:
        wheel.write_bytes(content)


def test_a_model_of_other_code_says_so(stored, monkeypatch):
    import mlflow

    from icsml.registry import wheel

    other = SimpleNamespace(sha256="f" * 64)
    monkeypatch.setattr(wheel, "icsml_wheel", lambda: other)
    with pytest.warns(UserWarning, match="other icsml code"):
        mlflow.pyfunc.load_model("models:/icsml-pd/1")


def test_logging_says_nothing_and_leaves_the_callers_run_alone(trained, tmp_path, monkeypatch, capfd):
    import mlflow

    before = mlflow.get_tracking_uri()
    monkeypatch.chdir(tmp_path)  # where MLflow's default experiment keeps its files
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mine.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mine.db")
    try:
        with mlflow.start_run(experiment_id="0") as mine:
            capfd.readouterr()
            logged = log_training(
                trained.bundle.folder, name="quiet", params={}, metrics={}, tables={}, dataset=DATASET
            )
            said = capfd.readouterr()
            assert mlflow.active_run().info.run_id == mine.info.run_id
        assert (said.out, said.err) == ("", "")
        assert mlflow.get_run(logged.run_id).data.tags["mlflow.parentRunId"] == mine.info.run_id
        assert mlflow.get_run(mine.info.run_id).data.params == {}
    finally:
        mlflow.set_tracking_uri(before)


def test_the_scoring_server_answers_as_icsml_does(stored, frame, expected):
    from fastapi.testclient import TestClient
    from mlflow.pyfunc import scoring_server

    rows = flat(frame)
    columns = list(rows[0])
    forms = {
        "dataframe_records": rows,
        "dataframe_split": {"columns": columns, "data": [[row[name] for name in columns] for row in rows]},
        "inputs": {name: [row[name] for row in rows] for name in columns},
        "instances": rows,
    }
    with TestClient(scoring_server.init(stored.model)) as client:
        for form, content in forms.items():
            answer = client.post("/invocations", json={form: content})
            assert answer.status_code == 200, answer.text
            assert [each["pd"] for each in answer.json()["predictions"]] == expected["pd"].tolist(), form
        answer = client.post("/invocations", json={"inputs": records(frame)})
        assert [each["pd"] for each in answer.json()["predictions"]] == expected["pd"].tolist()
        wrong = client.post("/invocations", json={"dataframe_records": [rows[0] | {"revenu_cny": 1}]})
        assert wrong.status_code == 400
        assert "revenu_cny" in wrong.text


def test_mlflow_evaluates_it(stored, extended):
    import mlflow

    seen = extended.predictions.head(400)
    rows = extended.dataset.enterprises.iloc[seen["row"]].assign(bad=seen["bad"].to_numpy())

    def squared(predictions, targets, metrics):
        return float(((predictions - targets) ** 2).mean())

    metric = mlflow.models.make_metric(eval_fn=squared, greater_is_better=False, name="squared")
    with mlflow.start_run(experiment_id="0"):
        found = mlflow.models.evaluate(
            model="models:/icsml-pd/1", data=rows, targets="bad", predictions="pd", extra_metrics=[metric]
        )
    assert found.metrics["squared"] == pytest.approx(brier(seen["bad"], seen["pd"]), rel=1e-12)


@pytest.mark.filterwarnings("ignore:Only one class is present")  # MLflow tries a metric on the first row
def test_mlflow_evaluates_its_auc(stored, extended):
    import mlflow
    from sklearn.metrics import roc_auc_score

    seen = extended.predictions.head(400)
    rows = extended.dataset.enterprises.iloc[seen["row"]].assign(bad=seen["bad"].to_numpy())

    def ranked(predictions, targets, metrics):
        return float(roc_auc_score(targets, predictions))

    metric = mlflow.models.make_metric(eval_fn=ranked, greater_is_better=True, name="auc")
    with mlflow.start_run(experiment_id="0"):
        found = mlflow.models.evaluate(
            model="models:/icsml-pd/1", data=rows, targets="bad", predictions="pd", extra_metrics=[metric]
        )
    expected = auc(seen["bad"], frame_scores(extended.bundle, rows.drop(columns="bad"))["pd"])
    assert found.metrics["auc"] == expected
    assert 0.55 < expected < 1


def test_the_server_refuses_what_it_does_not_know_in_every_form(server, frame):
    rows = [row | {"revenu_cny": 1.0} for row in flat(frame.head(2))]
    nested = [row | {"extra": {"cals": 1.0}} for row in records(frame.head(2))]
    for named, content in (
        ("ICS-REC-003 revenu_cny", {"dataframe_records": rows}),
        ("ICS-REC-003 revenu_cny", {"dataframe_split": split(rows)}),
        ("ICS-REC-003 revenu_cny", {"inputs": {name: [row[name] for row in rows] for name in rows[0]}}),
        ("ICS-REC-003 revenu_cny", {"instances": rows}),
        ("ICS-DEC-002 record 1: extra.cals", {"inputs": nested}),
        ("ICS-DEC-002 record 1: extra.cals", {"inputs": nested[1]}),
    ):
        answer = server.post("/invocations", json=content)
        assert answer.status_code == 400, (answer.status_code, *content)
        assert f"{named}: " in answer.text


def test_the_server_takes_nested_records_one_record_and_columns_without_values(server, frame, expected):
    told = records(frame)
    answer = server.post("/invocations", json={"inputs": told[3]})
    assert [each["pd"] for each in answer.json()["predictions"]] == [expected["pd"].iloc[3]]
    absent = [dict.fromkeys(flat(frame)[0]) | row for row in told]
    absent = [{name: value for name, value in row.items() if not name.startswith("extra.")} for row in absent]
    answer = server.post("/invocations", json={"inputs": absent})
    assert [each["pd"] for each in answer.json()["predictions"]] == expected["pd"].tolist()
    answer = server.post("/invocations", json={"inputs": []})
    assert answer.json() == {"predictions": []}


def test_the_server_refuses_a_frame_without_a_declared_extra_column(server, frame):
    for form in ("dataframe_records", "instances"):
        answer = server.post("/invocations", json={form: flat(frame.drop(columns="extra.calls"))})
        assert answer.status_code == 400, form
        assert "ICS-REC-003 extra.calls: " in answer.text


def test_the_input_that_lies_beside_the_model_is_one_that_its_server_takes(stored, server, extended):
    content = json.loads((model_folder(stored) / "serving_input_example.json").read_text())
    answer = server.post("/invocations", json=content)
    assert answer.status_code == 200, answer.text
    expected = stored.model.predict(bundle_example(extended.bundle))
    assert [each["pd"] for each in answer.json()["predictions"]] == expected["pd"].tolist()


def test_the_callers_run_and_its_end_are_its_own(trained, tmp_path, monkeypatch):
    import mlflow

    before = mlflow.get_tracking_uri()
    monkeypatch.chdir(tmp_path)  # where MLflow's default experiment keeps its files
    uri = f"sqlite:///{tmp_path}/mine.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    try:
        with mlflow.start_run(experiment_id="0") as mine:
            mlflow.log_param("own", 1)
            was = mlflow.get_run(mine.info.run_id).to_dictionary()
            logged = log_training(
                trained.bundle.folder, name="beside", params={"b": 2}, metrics={"auc": 0.7}, tables={}, dataset=DATASET
            )
            assert mlflow.active_run().info.run_id == mine.info.run_id
            assert mlflow.get_run(mine.info.run_id).to_dictionary() == was
            assert logged.run_id != mine.info.run_id
            mlflow.log_metric("later", 2.0)
        assert mlflow.get_run(mine.info.run_id).info.status == "FINISHED"
        assert mlflow.get_run(mine.info.run_id).data.metrics == {"later": 2.0}
        own = mlflow.get_run(logged.run_id)
        assert (own.info.status, own.data.metrics, own.data.params) == ("FINISHED", {"auc": 0.7}, {"b": "2"})
        (model,) = mlflow.search_logged_models(experiment_ids=["0"], output_format="list")
        assert model.source_run_id == logged.run_id
    finally:
        mlflow.set_tracking_uri(before)
