"""Plotly's figures on paper: where marks lie, what is written, and what is refused."""

from __future__ import annotations

import logging

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots
from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Rect, String

from core.figures.style import new_figure
from core.report.fonts import has_fallbacks, readable
from core.report.plotly_drawing import UnsupportedFigure, drawing_of, drawing_or_note


def shapes(drawing: Drawing | Group, kind: type) -> list:
    found = []
    for one in drawing.contents:
        if isinstance(one, Group):
            found += shapes(one, kind)
        elif isinstance(one, kind):
            found.append(one)
    return found


def words(drawing: Drawing) -> list[str]:
    return [one.text for one in shapes(drawing, String)]


def test_points_lie_where_their_values_are() -> None:
    figure = new_figure("Weight", "Accuracy")
    figure.add_scatter(x=[0, 5, 10], y=[0, 0.5, 1], mode="markers")
    figure.update_xaxes(range=[0, 10])
    figure.update_yaxes(range=[0, 1], tickformat=".0%")
    drawn = drawing_of(figure, 400, 200)
    low, middle, high = shapes(drawn, Circle)
    assert middle.cx == pytest.approx((low.cx + high.cx) / 2) and middle.cy == pytest.approx((low.cy + high.cy) / 2)
    assert 0 < low.cx < high.cx < 400 and 0 < low.cy < high.cy < 200
    assert {"Weight", "Accuracy", "0%", "100%", "0", "10"} <= set(words(drawn))


def test_a_logarithmic_axis_and_one_that_runs_down() -> None:
    figure = new_figure("", "")
    figure.add_scatter(x=[1, 10, 100], y=[0, 1, 2], mode="markers")
    figure.update_xaxes(type="log")
    figure.update_yaxes(autorange="reversed")
    first, second, third = shapes(drawing_of(figure, 400, 200), Circle)
    assert second.cx - first.cx == pytest.approx(third.cx - second.cx)
    assert first.cy > second.cy > third.cy


def test_bars_are_as_long_as_their_values_beside_or_on_each_other() -> None:
    figure = go.Figure([go.Bar(x=["a", "b"], y=[1, 2], name="one"), go.Bar(x=["a", "b"], y=[2, 4], name="two")])
    drawn = drawing_of(figure, 400, 200)
    a, b, c, d = shapes(drawn, Rect)[:4]
    assert b.height == pytest.approx(2 * a.height) and c.height == pytest.approx(2 * a.height) and d.x > b.x
    assert {"a", "b", "one", "two"} <= set(words(drawn))
    stacked = shapes(drawing_of(figure.update_layout(barmode="stack"), 400, 200), Rect)[:4]
    assert stacked[2].y == pytest.approx(stacked[0].y + stacked[0].height)
    lying = go.Figure([go.Bar(x=[1, 2], y=["a", "b"], orientation="h", marker={"pattern": {"shape": "/"}})])
    bars = shapes(drawing_of(lying, 400, 200), Rect)
    assert bars[1].width == pytest.approx(2 * bars[0].width) and len(shapes(drawing_of(lying, 400, 200), Line)) > 20


def test_a_heat_map_has_its_colours_numbers_and_scale() -> None:
    figure = go.Figure(
        go.Heatmap(
            z=[[0, 1], [1, 0]], text=[["no", "yes"], ["yes", "no"]], texttemplate="%{text}",
            colorscale=[[0, "#000000"], [1, "#ffffff"]], colorbar={"title": "share"},
        )
    )  # fmt: skip
    drawn = drawing_of(figure, 300, 200)
    cells = shapes(drawn, Rect)
    assert {one.fillColor.hexval() for one in cells} >= {"0x000000", "0xffffff"}
    assert words(drawn).count("yes") == 2 and "share" in words(drawn)


def test_panels_stand_apart_however_low_the_figure_is() -> None:
    figure = make_subplots(rows=3, cols=1, subplot_titles=["first", "second", "third"], vertical_spacing=0.01)
    for row in (1, 2, 3):
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="markers", row=row, col=1)
    drawn = drawing_of(figure, 300, 300)
    circles = shapes(drawn, Circle)
    titles = {one.text: one.y for one in shapes(drawn, String) if one.text in ("first", "second", "third")}
    assert titles["first"] > titles["second"] > titles["third"]
    assert circles[0].cy - circles[3].cy > 25, "between the floor of a panel and the top of the next"


def test_lines_zones_notes_and_markup_in_words() -> None:
    figure = new_figure("", "")
    figure.add_scatter(x=[0, 1], y=[0, 1], error_y={"type": "data", "array": [0.1, 0.2]}, mode="markers")
    figure.add_vline(x=0.5)
    figure.add_hrect(y0=0.2, y1=0.4)
    figure.add_annotation(x=0.5, y=1, yref="paper", text="&lt;b&gt; <b>bold</b><br>second お", showarrow=False)
    drawn = drawing_of(figure, 300, 200)
    assert {"<b> bold", "second ⟨hiragana o⟩"} <= set(words(drawn))
    assert any(one.x1 == one.x2 for one in shapes(drawn, Line)) and shapes(drawn, Rect)


@pytest.mark.parametrize("trace", [go.Pie(values=[1]), go.Surface(z=[[1]]), go.Indicator(value=1)])
def test_what_cannot_be_drawn_is_refused_and_noted_in_a_report(trace: object, caplog: pytest.LogCaptureFixture) -> None:
    figure = go.Figure(trace)
    with pytest.raises(UnsupportedFigure, match="cannot be drawn on paper"):
        drawing_of(figure, 300, 200)
    with caplog.at_level(logging.ERROR):
        assert words(drawing_or_note(figure, 300)) == ["This figure can only be seen in the app."]
    assert "cannot be drawn on paper" in caplog.text


def test_letters_that_the_font_lacks_are_named() -> None:
    assert readable("Größe α → ≤ − “é” ★") == "Größe α → ≤ − “é” ★"
    assert readable("か\n日") == "⟨hiragana ka⟩ ⟨65E5⟩" and has_fallbacks("か") and not has_fallbacks("ka")
