"""Module 5 on foreign sets and networks of which it is known what the one says about the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from core.analyses import MODULES, transfer, zero_shot
from core.analyses import features as featured
from core.analyses.context import AnalysisContext
from core.analyses.evaluation import Predictions
from core.analyses.features import bag_of_words
from core.analyses.probes import draw, probe, sample, transfer_score
from core.analyses.zero_shot import coverage, restrict, row_set
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.entry import RemoteFile
from core.datasets.parts import Part
from core.figures import probe_curves
from core.foreign import FOREIGN, ForeignEntry, ForeignUse
from core.foreign.opening import ForeignSet
from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.records import to_json
from core.study_config import StudyConfig, StudyMode
from core.trial import TrialSpec
from tests.analyses.worlds import networks

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]
CLASSES, SHARED = 4, (None, 7, 2, 5)  # of the made-up set, and what its classes are to digits
Maker = Callable[[StudyMode, int], Path]


# -- made-up worlds ---------------------------------------------------------------------------------------------------


def made_up(rows: int = 60, mapped: bool = False, seed: int = 3) -> ForeignSet:
    """Images of noise in which the brightness of one of four pixels says the class; `rows` per class."""
    rng = np.random.default_rng(seed)
    y = np.arange(CLASSES * rows) % CLASSES
    x = rng.integers(0, 17, (len(y), 8, 8, 1)).astype(np.uint8)
    x[:, 0, :CLASSES, 0] = 16 * np.eye(CLASSES, dtype=np.uint8)[y]
    class_map = SHARED if mapped else (None,) * CLASSES
    use = ForeignUse(correspondence="subset" if mapped else "none", class_map=class_map, preprocessing="None.")
    names = tuple("abcd") if not mapped else ("nothing", "7", "2", "5")
    data = replace(FOREIGN["kmnist"].data, label="Bright pixels", class_names=names)
    entry = ForeignEntry(name="bright", data=data, uses={"digits": use}, caveat="Made up.")
    numbers = np.array([-1 if one is None else one for one in class_map])
    return ForeignSet(entry=entry, use=use, y=y, source_y=numbers[y], origin="embedded", content_hash="0" * 64, x=x)


@cache
def model_file(folder: Path, kind: str) -> Path:
    """A network on digits with 8 features: "seeing" passes on the pixels that say the class, and in its answers takes
    them for classes 7, 2 and 5; to the features of "blind" all images are the same."""
    import keras

    layers = keras.layers
    hidden, output = np.zeros((64, 8)), np.zeros((8, 10))
    if kind.startswith("seeing"):
        hidden[np.arange(CLASSES), np.arange(CLASSES)] = 1
        output[[1, 2, 3], [7, 2, 5]] = 1 if kind == "seeing" else 0.5
    dense = [layers.Dense(8, name="hidden"), layers.Dense(10, activation="softmax", name="output")]
    model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), *dense])
    dense[0].set_weights([hidden, np.zeros(8)])
    dense[1].set_weights([output, np.zeros(10)])
    path = folder / f"{kind}.keras"
    model.save(path)
    return path


def world(settings: Settings, folder: Path, dataset: str, config: ModelConfig, choose: Maker, pairs: int = 2) -> Any:
    """A study without predictions: this module asks the networks themselves."""
    found = networks(folder, pairs)
    spec = TrialSpec(
        run="r", number=3, dataset=dataset, split_hash="", seed=0, model=config, epochs=1, patience=1, store_plots=False
    )  # fmt: skip
    for one in [one for ones in found.values() for one in ones]:
        one.folder.mkdir(parents=True, exist_ok=True)
        (one.folder / "model.keras").write_bytes(choose(one.mode, one.pair).read_bytes())
        (one.folder / "spec.json").write_text(to_json(spec), encoding="utf-8")
        (one.folder / "split.npz").write_bytes(b"no rows")
    predictions: dict[str, Predictions] = {}
    study = StudyConfig(dataset_name=dataset, study_name="made-up")
    return AnalysisContext(config=study, settings=settings, networks=found, predictions=predictions)


@pytest.fixture
def digits_world(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AnalysisContext]:
    """A study of digits whose only foreign set is a made-up one, and whose probes are fitted on two splits."""

    def make(foreign: ForeignSet, choose: Callable[[StudyMode, int], str], pairs: int = 2) -> AnalysisContext:
        monkeypatch.setattr(transfer, "foreign_sets_for", lambda _: (foreign.entry,))
        monkeypatch.setattr(transfer, "open_foreign", lambda *_: foreign)
        return world(settings, tmp_path / "networks", "digits", CnnConfig(), lambda *one: file(choose(*one)), pairs)

    def file(kind: str) -> Path:
        return model_file(tmp_path, kind)

    return make


def planted(mode: StudyMode, pair: int) -> str:
    return "blind" if mode == "accuracy_only" else "seeing"


def check_plain(result: dict[str, Any]) -> None:
    """What every module promises."""
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert [one["measure"] for one in result["runs"] if not one["exploratory"]] == [result["primary"]]
    assert len({one["measure"] for one in result["runs"]}) == len(result["runs"])
    assert result["reading"] and all(line.endswith(".") and "nan" not in line for line in result["reading"])
    for figure in MODULES["transfer"].figures(result).values():
        assert "NaN" not in figure.to_json()
    rows = MODULES["transfer"].tables(result)
    assert all(len({tuple(row) for row in table}) == 1 for table in rows.values())


# -- the whole module -------------------------------------------------------------------------------------------------


def test_features_that_separate_the_classes_score_one_and_blind_ones_less_than_nothing(
    digits_world: Callable[..., AnalysisContext],
) -> None:
    context = digits_world(made_up(), planted)
    told: list[float] = []
    context.on_progress = told.append
    result = transfer.run(context)
    check_plain(result)
    assert result["primary"] == "transfer" and result["shots"] == "10" and result["scored_sets"] == ["bright"]
    seeing, blind = result["networks"]["health_aware_0"], result["networks"]["accuracy_only_0"]
    found = seeing["probes"]["bright"]
    assert list(found) == ["10", "all"] and all(one["accuracy"] == 1 and one["score"] == 1 for one in found.values())
    assert seeing["transfer"] == 1 and seeing["features"] == 8
    # All rows look the same: one class is named, which is a quarter.
    assert blind["probes"]["bright"]["10"]["accuracies"] == [0.25] * 5
    control = blind["probes"]["bright"]["10"]["random"]
    assert control == found["10"]["random"] and 0.25 < control < 0.9
    assert blind["transfer"] == pytest.approx((0.25 - control) / (1 - control))
    (primary,) = (one for one in result["runs"] if not one["exploratory"])
    assert primary["difference"]["mean"] == pytest.approx(1 - blind["transfer"])
    assert result["sets"][0]["left_out"] == {
        "100": "its smallest class has 36 rows beside the test rows, which is fewer than 100"
    }
    difference = result["difference"]["bright"]
    assert difference["way"] == "probe" and difference["n"] > 0.8 * 240  # rows that a split has tested
    assert difference["difference"] == pytest.approx(0.75, abs=0.03)
    assert difference["low"] < 0.75 < difference["high"]
    assert told == sorted(told) and told[-1] == 1
    assert any("not probed with 100 examples per class" in line for line in result["reading"])


def test_a_set_that_shares_some_classes_is_tried_among_those_only(
    digits_world: Callable[..., AnalysisContext],
) -> None:
    result = transfer.run(digits_world(made_up(mapped=True), planted))
    check_plain(result)
    measures = {one["measure"]: one for one in result["runs"]}
    assert set(measures) == {"transfer", "mean_zero_shot"}
    assert result["networks"]["health_aware_1"]["zero_shot"]["bright"]["accuracy"] == 1
    assert result["networks"]["accuracy_only_1"]["zero_shot"]["bright"]["accuracy"] == pytest.approx(1 / 3)
    covered = result["sets"][0]["coverage"]
    assert (covered["classes"], covered["of"], covered["rows"], covered["of_rows"]) == (3, 10, 180, 240)
    assert covered["missing"] == ["0", "1", "3", "4", "6", "8", "9"] and covered["commonest"] == pytest.approx(1 / 3)
    difference = result["difference"]["bright"]
    assert (difference["way"], difference["n"], difference["difference"]) == ("zero_shot", 180, pytest.approx(2 / 3))
    assert any("model B is better there" in line for line in result["reading"])


def test_random_features_compared_with_themselves_score_nothing(
    digits_world: Callable[..., AnalysisContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import features

    monkeypatch.setattr(features, "random_twin", lambda model, _: model)
    result = transfer.run(digits_world(made_up(20), lambda mode, pair: "blind"))
    check_plain(result)
    assert [one["transfer"] for one in result["networks"].values()] == [0.0] * 4


def test_where_untrained_features_leave_no_room_accuracy_as_it_is_stands_for_transfer(
    digits_world: Callable[..., AnalysisContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import features

    monkeypatch.setattr(features, "random_twin", lambda model, _: model)
    choose = lambda mode, pair: "seeing" if mode == "accuracy_only" else "seeing less surely"  # noqa: E731
    result = transfer.run(digits_world(made_up(20, mapped=True), choose))
    check_plain(result)
    assert result["primary"] == "mean_zero_shot" and result["scored_sets"] == []
    assert (
        "untrained features leave less than 1 %"
        in result["networks"]["accuracy_only_0"]["probes"]["bright"]["10"]["note"]
    )
    assert "No transfer score could be measured" in result["reading"][1]
    without = transfer.run(digits_world(made_up(20), choose))
    assert without["status"] == "skipped" and "leave less than 1 %" in without["reason"]


def test_equal_networks_are_measured_once(
    digits_world: Callable[..., AnalysisContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = featured.probe_network

    def counted(subject: Any, *others: Any) -> Any:
        asked.append(subject.name)
        return real(subject, *others)

    monkeypatch.setattr(transfer, "probe_network", counted)
    result = transfer.run(digits_world(made_up(20), lambda mode, pair: "blind" if pair else "seeing"))
    assert asked == ["accuracy_only_0", "accuracy_only_1"]
    assert [one["same_as"] for one in result["networks"].values()] == [None, None, *asked]
    assert result["networks"]["health_aware_1"]["transfer"] == result["networks"]["accuracy_only_1"]["transfer"]
    assert any("Model A and model B are the same network" in line for line in result["reading"])


def test_missing_data_and_data_sets_without_foreign_sets_are_skipped(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = world(settings, tmp_path, "digits", CnnConfig(), lambda *_: Path("/dev/null"))
    unknown = replace(context, config=StudyConfig(dataset_name="gtsrb", study_name="b"))
    assert transfer.run(unknown) == {"status": "skipped", "reason": "no foreign set is known for GTSRB traffic signs"}

    def nowhere(name: str) -> ForeignEntry:
        data = FOREIGN[name].data
        file = RemoteFile(name=f"{name}.npz", url="http://127.0.0.1:9/x", known_hash=data.files[0].known_hash)
        return replace(FOREIGN[name], data=replace(data, name=f"nowhere-{name}", files=(file,), mirror_files=()))

    monkeypatch.setattr(transfer, "foreign_sets_for", lambda _: (nowhere("mnist"), nowhere("emnist_digits")))
    result = transfer.run(context)
    assert result["status"] == "skipped"
    for part in ("MNIST: ", "; EMNIST digits: ", "cannot be reached", "mnist.npz", "MHL_DATASET_MIRROR"):
        assert part in result["reason"]


# -- probes -----------------------------------------------------------------------------------------------------------


def test_a_probe_is_scikit_learns_own_pipeline(lab: Settings) -> None:
    arrays = prepare("digits", lab).arrays()
    assert arrays.x is not None
    x, y = arrays.x.reshape(len(arrays), -1).astype(np.float32), np.asarray(arrays.y)
    draws, left_out = draw(y, 11, seeds=2)
    assert left_out == {} and [one.shots for one in draws] == ["10", "100", "all"] * 2
    for one in draws[3:]:
        reference = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(x[one.train], y[one.train])
        found = probe(x, y, one)
        assert found is not None and found.converged
        assert found.accuracy == accuracy_score(y[one.test], reference.predict(x[one.test])) > 0.8
        assert found.correct.tolist() == (reference.predict(x[one.test]) == y[one.test]).tolist()


def test_a_probe_that_is_cut_off_says_so(monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder) -> None:
    y = np.arange(200) % 4
    x = np.random.default_rng(0).normal(size=(200, 30)).astype(np.float32)
    (one, *_), _ = draw(y, 0)
    monkeypatch.setattr("core.training.linear_probe.MAX_ITERATIONS", 2)
    found = probe(x, y, one)
    assert found is not None and not found.converged and not recwarn.list
    x[3, 0] = np.inf
    assert probe(x, y, one) is None


def test_draws_hold_what_they_promise() -> None:
    y = np.repeat([0, 1, 5], [300, 50, 17])  # classes 2 to 4 do not occur
    draws, left_out = draw(y, 4)
    assert set(left_out) == {"100"} and {one.shots for one in draws} == {"10", "all"}
    by_name = {(one.shots, one.number): one for one in draws}
    for number in range(5):
        few, every = by_name["10", number], by_name["all", number]
        assert few.test.tolist() == every.test.tolist() and set(few.train) < set(every.train)
        assert sorted([*every.train, *every.test]) == list(range(len(y)))
        assert np.unique(y[few.train], return_counts=True)[1].tolist() == [10, 10, 10]
        assert np.unique(y[every.test], return_counts=True)[1].tolist() == [120, 20, 7]
    assert by_name["10", 0].train.tolist() != by_name["10", 1].train.tolist()
    again = draw(y, 4)[0]
    assert [one.train.tolist() for one in again] == [one.train.tolist() for one in draws]
    assert draw(y, 5)[0][0].train.tolist() != draws[0].train.tolist()
    assert draw(np.array([0, 0, 1]), 4)[0] == [] and draw(np.zeros(50, np.int64), 4)[0] == []


def test_a_sample_keeps_the_classes_in_proportion() -> None:
    y = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [6000, 3000, 1000]))
    rows = sample(y, 500, 3)
    assert np.bincount(y[rows]).tolist() == [300, 150, 50] and rows.tolist() == sorted(set(rows.tolist()))
    assert rows.tolist() == sample(y, 500, 3).tolist() != sample(y, 500, 4).tolist()
    assert sample(y, 10_000, 3).tolist() == list(range(10_000))


def test_transfer_scores_by_hand() -> None:
    assert (transfer_score(0.9, 0.6), transfer_score(0.6, 0.6)) == (pytest.approx(0.75), 0)
    assert (transfer_score(1.0, 0.2), transfer_score(0.1, 0.5)) == (1, pytest.approx(-0.8))
    assert transfer_score(1.0, 0.991) is None and transfer_score(1.0, 0.98) == 1


def test_probabilities_of_some_classes_by_hand() -> None:
    said = np.array([[0.1, 0.2, 0.3, 0.4], [0.8, 0.05, 0.15, 0.0], [1.0, 0.0, 0.0, 0.0]], np.float32)
    found = restrict(said, np.array([1, 2]))
    np.testing.assert_allclose(found, [[0.4, 0.6], [0.25, 0.75], [0.5, 0.5]], rtol=1e-6)


def test_the_rows_tried_are_numbered_among_the_shared_classes() -> None:
    """Of digits 2, 5 and 7, in this order, whatever the order of the foreign classes."""
    foreign = made_up(5, mapped=True)
    one = row_set(foreign, DATASETS["digits"], 0)
    part = one.part(None)  # type: ignore[arg-type]
    assert part.y.tolist() == [{7: 2, 2: 0, 5: 1}[number] for number in foreign.source_y if number >= 0]
    assert foreign.x is not None and np.array_equal(part.images(), foreign.x[foreign.source_y >= 0])
    assert one.read is not None
    assert one.read(np.eye(10, dtype=np.float32)[[5, 7, 2]]).argmax(axis=1).tolist() == [1, 2, 0]
    assert coverage(foreign, DATASETS["digits"], 0)["rows"] == 15


def test_a_bag_of_words_is_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featured, "WORDS", 6)
    texts = [[1, 4, 5, 5, 2, 9], [1, 30, 2], [1, 9, 8, 7, 6, 5, 4, 3]]
    offsets = np.cumsum([0, *map(len, texts)])
    tokens = np.array([token for text in texts for token in text], np.int32)
    part = Part(name="t", y=np.zeros(3, np.int64), tokens=tokens, offsets=offsets)
    words = [str(token) for token in range(4, 10)]
    counter = CountVectorizer(analyzer=lambda text: [str(token) for token in text], vocabulary=words, binary=True)
    expected = Normalizer().fit_transform(counter.fit_transform(texts))
    np.testing.assert_allclose(bag_of_words(part).toarray(), expected.toarray(), rtol=1e-6)


# -- real foreign sets ------------------------------------------------------------------------------------------------


def averages(x: NDArray[np.uint8], y: NDArray[np.uint8], path: Path) -> Path:
    """A real network on MNIST: compares with the mean of each class, after its brightness in 49 blocks."""
    import keras

    layers = keras.layers
    blocks = x.reshape(len(x), 7, 4, 7, 4).mean(axis=(2, 4)).reshape(len(x), 49) / 255
    means = np.stack([blocks[y == label].mean(axis=0) for label in range(10)])
    dense = [layers.Dense(49, name="hidden"), layers.Dense(10, activation="softmax", name="output")]
    model = keras.Sequential(
        [layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.AveragePooling2D(4), layers.Flatten(), *dense]
    )
    dense[0].set_weights([np.eye(49), np.zeros(49)])
    dense[1].set_weights([4 * means.T, -2 * (means**2).sum(axis=1)])
    model.save(path)
    return path


def test_networks_of_mnist_on_real_foreign_sets(
    lab: Settings, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PROBE_ROWS", 400)
    monkeypatch.setattr(zero_shot, "ROWS", 500)
    with np.load(mirror / "mnist/mnist.npz") as stored:
        path = averages(stored["x_test"][:3000], stored["y_test"][:3000], tmp_path / "averages.keras")
    context = world(lab, tmp_path / "networks", "mnist", CnnConfig(), lambda *_: path, pairs=1)
    monkeypatch.setattr(transfer, "foreign_sets_for", lambda _: (FOREIGN["emnist_digits"], FOREIGN["kmnist"]))
    result = transfer.run(context)
    check_plain(result)
    assert [one["name"] for one in result["sets"]] == ["emnist_digits", "kmnist"] == result["scored_sets"]
    measures = ["transfer", "mean_zero_shot", "transfer/emnist_digits", "transfer/kmnist"]
    assert [one["measure"] for one in result["runs"]] == measures
    assert [one["probe_rows"] for one in result["sets"]] == [400, 400]
    network = result["networks"]["accuracy_only_0"]
    digits, letters = (network["probes"][name]["10"]["accuracy"] for name in ("emnist_digits", "kmnist"))
    assert 0.6 < digits < 1 and 0.3 < letters < digits
    assert list(network["zero_shot"]) == ["emnist_digits"]
    assert 0.5 < network["zero_shot"]["emnist_digits"]["accuracy"] < 0.95
    assert result["sets"][0]["coverage"]["rows"] == 500 and result["sets"][1]["coverage"] is None
    assert network["transfer"] == pytest.approx(
        np.mean([network["probes"][name]["10"]["score"] for name in ("emnist_digits", "kmnist")])
    )


def test_of_texts_unknown_words_are_counted_and_a_bag_of_words_is_the_control(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    rng = np.random.default_rng(4)
    y = np.arange(80) % 2
    texts = np.column_stack([np.ones(80), np.where(y, 4, 5), rng.integers(6, 50, (80, 8)), np.full(80, 2)])
    foreign = ForeignSet(
        entry=FOREIGN["sst2"], use=FOREIGN["sst2"].uses["imdb"], y=y, source_y=y, origin="mirror", content_hash="1",
        tokens=texts.astype(np.int32).ravel(), offsets=np.arange(81) * texts.shape[1], unknown_share=0.1,
        median_words=10.0,
    )  # fmt: skip
    layers = keras.layers
    model = keras.Sequential([layers.Input((12,), dtype="int32"), layers.Embedding(40, 3)])
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(2, activation="softmax"))
    model.save(tmp_path / "words.keras")
    config = LstmConfig(vocabulary=40, sequence_length=12)
    context = world(settings, tmp_path / "networks", "imdb", config, lambda *_: tmp_path / "words.keras", pairs=1)
    context.__dict__["dataset"] = SimpleNamespace(word_index=lambda: None)
    monkeypatch.setattr(transfer, "open_foreign", lambda *_: foreign)
    result = transfer.run(context)
    check_plain(result)
    (found,) = result["sets"]
    assert found["name"] == "sst2" and found["plain"] == "The 10,000 commonest words"
    assert found["shots"]["all"]["plain"] > 0.9  # one word says the class
    words = texts[:, 1:]
    assert result["networks"]["health_aware_0"]["unknown_share"]["sst2"] == ((words >= 40) | (words == 2)).mean()
    assert any("of its words are unknown to the networks" in line for line in result["reading"])


# -- the figure -------------------------------------------------------------------------------------------------------


def test_the_figure_shows_both_modes_and_both_controls() -> None:
    interval = {"mean": 0.6, "low": 0.5, "high": 0.65}
    point = {"shots": "10", "examples": 10.0, "label": "10", "random": {"mean": 0.3, "low": None, "high": None}}
    point |= {"accuracy_only": interval, "health_aware": {"mean": None}, "plain": {"mean": 0.55}}
    curves = probe_curves.compute({"plain": "Plain pixels", "points": [point]})
    drawn = {trace.name: trace for trace in probe_curves.draw(curves).data}
    assert set(drawn) == {"Accuracy-only", "Health-aware", "Untrained networks", "Plain pixels"}
    assert drawn["Accuracy-only"].y == (0.6,) and drawn["Health-aware"].y == ()
    assert drawn["Accuracy-only"].error_y.array[0] == pytest.approx(0.05)
    assert drawn["Plain pixels"].y == (0.55,) and drawn["Plain pixels"].x == (10.0,)
    empty = probe_curves.draw(probe_curves.compute({"plain": "Plain pixels", "points": []}))
    assert empty.layout.annotations[0].text == "No probe could be fitted"
