"""The pages and the ZIP that are taken away: whole, without a network, and safe against names with signs in them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

from core.diagnostics_export import bundle, file_name, page, section, sections, slug
from core.figures.diagnostics import DIAGNOSTICS
from tests.figures.test_diagnostics import image, result, text

EVIL = "</script><script>alert(1)</script>"


def test_the_zip_holds_every_figure_once_with_one_library() -> None:
    archive = zipfile.ZipFile(io.BytesIO(bundle("Run, trial 0", sections(result(), image()), {"result.json": b"{}"})))
    assert archive.namelist() == ["index.html", "data/result.json"]
    html = archive.read("index.html").decode()
    assert html.count("plotly.js v") == 1
    assert "<script src" not in html
    for diagnostic in DIAGNOSTICS.values():
        assert (f'<section id="{diagnostic.name}">' in html) == ("image" in diagnostic.kinds), diagnostic.name
    assert html.count('class="plotly-graph-div"') >= 14
    assert html.count("How to read this.") == html.count("<section id=")


def test_what_cannot_be_shown_says_why() -> None:
    html = page("t", sections(result(), None)).decode()
    assert "Not shown: nothing was measured and stored for this trial." in html
    assert 'id="training_curves_0"' in html


def test_names_of_people_cannot_leave_their_place() -> None:
    evil = replace(image(), class_names=(EVIL, "dog"))
    html = page(EVIL, sections(result(), evil)).decode()
    assert "<script>alert" not in html
    words = tuple(EVIL for _ in range(5))
    influences = tuple(replace(each, words=words) for each in text().influences)
    html = page(
        "t", [section(DIAGNOSTICS["word_influence"], result(), replace(text(), influences=influences))]
    ).decode()
    assert "<script>alert" not in html
    assert "<blockquote>" in html


def test_every_variant_has_its_heading() -> None:
    html = page("t", [section(DIAGNOSTICS["activation_maps"], result(), image())]).decode()
    assert "<h3>Sample 1: cat, right (75 %)</h3>" in html
    assert "<h3>Sample 2: &lt;b&gt;dog&lt;/b&gt;, said cat (75 %)</h3>" in html


def test_file_names_stay_in_their_folder() -> None:
    archive = zipfile.ZipFile(io.BytesIO(bundle("t", [], {"../../x y.json": b"1", "/etc/passwd": b"2"})))
    assert archive.namelist() == ["index.html", "data/x_y.json", "data/passwd"]
    assert (slug("..."), file_name("a/b\\C:D.npz")) == ("unnamed", "c_d.npz")
