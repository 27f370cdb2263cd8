from __future__ import annotations

import doctest

import pytest

import core.lessons
from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.lessons import GROUPS, LESSONS, lesson
from core.search_space import Kind, extreme_configs, search_space

SPACES = {name: search_space(e.kind, e.shape, e.vocabulary or 0) for name, e in DATASETS.items()}


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(core.lessons).failed == 0


@pytest.mark.parametrize("dataset", SPACES)
def test_every_parameter_of_every_space_has_a_lesson(dataset: str) -> None:
    for parameter in SPACES[dataset]:
        found = lesson(parameter)
        assert found.group in GROUPS
        assert len(found.text.split()) > 15, parameter
        assert found.text.count("**") >= 4, f"{parameter} does not say what goes wrong on either side"
    labels = [lesson(parameter).label for parameter in SPACES[dataset]]
    assert len(set(labels)) == len(labels)


def test_no_lesson_is_left_without_its_parameter() -> None:
    parameters = {parameter for space in SPACES.values() for parameter in space}
    for name in LESSONS:
        assert any(parameter == name or parameter.startswith(f"{name}_") for parameter in parameters), name


@pytest.mark.parametrize(("kind", "shape", "vocabulary"), [("image", (28, 28, 1), 0), ("text", (), 20_000)])
def test_what_can_be_switched_off_really_can(kind: Kind, shape: tuple[int, ...], vocabulary: int) -> None:
    names = search_space(kind, shape, vocabulary)
    off = {name: lesson(name).off for name in names if lesson(name).off is not None}
    assert off
    space = search_space(kind, shape, vocabulary, off)
    for config in (config for configs in extreme_configs(kind, space) for config in configs):
        for name, value in off.items():
            assert getattr(config, name) == value


def test_an_unknown_parameter_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="learning_rate"):
        lesson("learning_rat")
