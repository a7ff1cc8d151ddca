"""The page in a real browser: nothing to complain of, nothing cut off, every text readable."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.reports.html_page import render
from pipelines.reports.report_data import ReportData
from tests.support.browser import Browser, browser

LOWEST_CONTRAST = """(() => {
  const numbers = css => css.match(/[\\d.]+/g).map(Number);
  const light = rgb => rgb.slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = 21;
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const ink = e.namespaceURI.includes('svg') ? style.fill : style.color;
    const pair = [light(numbers(ink)), light(behind(e))];
    lowest = Math.min(lowest, (Math.max(...pair) + .05) / (Math.min(...pair) + .05));
  }
  return lowest;
})()"""
WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth > innerWidth"
HEADINGS = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => Number(e.tagName[1]))"
AA = 4.5


@pytest.fixture(scope="module")
def page(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("page") / "report.html"
    written.write_text(render(data), "utf-8")
    return written


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_opens_without_a_word_and_can_be_read(
    chromium: Browser, page: Path, width: int, dark: bool
) -> None:
    chromium.open(page, width=width, dark=dark)
    assert chromium.said == []
    assert chromium.run("document.querySelectorAll('section').length") == 8
    assert not chromium.run(WIDER_THAN_THE_WINDOW)
    assert chromium.run(LOWEST_CONTRAST) >= AA


def test_headings_leave_out_no_level(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    levels = chromium.run(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_it_prints_on_paper(chromium: Browser, page: Path) -> None:
    chromium.open(page, media="print")
    assert chromium.printed().startswith(b"%PDF")
    assert chromium.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert chromium.run(LOWEST_CONTRAST) >= AA


def test_what_a_page_complains_of_is_heard(chromium: Browser, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<script>nothing.there</script>")
    chromium.open(broken)
    assert [said for said in chromium.said if "nothing is not defined" in said]
    chromium.said.clear()
