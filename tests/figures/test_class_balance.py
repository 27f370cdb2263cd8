"""Rows per class: ordered as asked, and as high as many classes need."""

from __future__ import annotations

from core.figures.class_balance import compute, draw


def test_orders_by_rows_and_keeps_equal_classes_in_place() -> None:
    names, counts = ("a", "b", "c", "d"), (5, 20, 5, 10)
    assert compute(names, counts).names == names
    most = compute(names, counts, "most")
    assert most.names == ("b", "d", "a", "c") and most.counts == (20, 10, 5, 5)
    assert most.shares == (0.5, 0.25, 0.125, 0.125)
    fewest = compute(names, counts, "fewest")
    assert fewest.names == ("a", "c", "d", "b") and fewest.ratio == 4.0


def test_says_what_stands_out() -> None:
    assert compute(("a", "b"), (30, 10)).summary == "a has the most rows (30), b the fewest (10): 3.0 to 1."
    assert compute(("a", "b"), (1500, 1500)).summary == "All 2 classes have 1,500 rows each."
    empty = compute(("a", "b"), (3, 0))
    assert empty.ratio is None and empty.summary == "a has the most rows (3), b the fewest (0)."


def test_every_class_has_a_bar_of_its_own_even_when_names_are_cut() -> None:
    names = [f"a traffic sign with a long name {number}" for number in range(100)]
    figure = draw(compute(names, range(1, 101)))
    (bars,) = figure.data
    assert bars.orientation == "h" and list(bars.x) == list(range(1, 101)) and len(set(bars.y)) == 100
    assert max(map(len, figure.layout.yaxis.ticktext)) <= 22
    assert [name for name, _share in bars.customdata] == names
    assert figure.layout.height >= 100 * 20
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first class on top
    assert draw(compute(("a", "b"), (1, 2))).layout.height < 200


def test_nothing_to_draw_says_so() -> None:
    assert not draw(compute((), ())).data
