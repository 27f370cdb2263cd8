"""Screenshots of a run from start to end: `python -m tests.e2e.screenshots FOLDER`.

Digits, 4 trials of 3 epochs: the empty and the running page, every view of the finished run, the runs and the data
page, on a desktop and on a phone, light and dark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.e2e.harness import browser, chromium, lab_server

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
VIEWS = [
    "New run",
    "Progress",
    "Trials",
    "Insights",
    "What if",
    "Network",
    "Diagnostics",
    "Health",
    "Compare",
    "Downloads",
]
_ENDED = 180_000  # milliseconds


def main(folder: Path) -> None:
    """Take all pictures."""
    executable = chromium()
    if executable is None:
        raise SystemExit("no Chromium: install it or set MHL_CHROMIUM")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="mhl-shots-") as home,
        lab_server(Path(home)) as server,
        sync_playwright() as playwright,
        browser(playwright, executable) as context,
    ):
        page = context.new_page()
        page.goto(server.url)
        page.get_by_role("button", name="Start", exact=True).wait_for()
        shoot(page, folder, "empty")
        for label, value in (("Trials", "4"), ("Epochs per trial", "3")):
            page.get_by_role("spinbutton", name=label).fill(value)
            page.keyboard.press("Tab")
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text("1 of 4 trials").wait_for(timeout=_ENDED)
        shoot(page, folder, "running")
        page.get_by_text("4 of 4 trials").wait_for(timeout=_ENDED)
        page.get_by_text("completed", exact=True).wait_for(timeout=_ENDED)
        for view in VIEWS:
            page.get_by_role("radio", name=view, exact=True).click()
            page.wait_for_timeout(2_500)  # milliseconds: 3D and graphs draw for a while
            shoot(page, folder, view.lower().replace(" ", "_"))
        page.goto(f"{server.url}/runs")
        page.get_by_text("Run to work with").wait_for()
        shoot(page, folder, "runs")
        page.goto(f"{server.url}/data")
        page.get_by_text("Class balance").wait_for()
        page.wait_for_timeout(2_500)
        shoot(page, folder, "data")
        page.get_by_role("radio", name="Bring your own data").click()
        page.get_by_text("File with your data").wait_for()
        shoot(page, folder, "own_data")


def shoot(page: Page, folder: Path, moment: str) -> None:
    """Take the page as it is now in every size and colour scheme, in its full length."""
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(400)  # milliseconds, for a theme or a chart to settle
            page.set_viewport_size({"width": width, "height": max(height, _content_height(page))})
            page.wait_for_timeout(900)
            page.screenshot(path=folder / f"{moment}_{size}_{scheme}.png")


def _content_height(page: Page) -> int:
    """Streamlit scrolls inside its main element, so the window has to be as high as that one's content."""
    return int(page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")) + 60


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
