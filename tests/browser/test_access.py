"""Pages that everybody can use: contrast, narrow screens, zoom, keyboard, without asking anything of anybody else."""

from __future__ import annotations

import pytest

PATHS = (
    "",
    "/rounds/spring",
    "/rounds/spring/projects/river-map?amount=1000",
    "/rounds/spring/cart?project=bus-feed&amount=1000&project=wifi&amount=x",
    "/rounds/spring/cart?project=bus-feed&amount=1000&token=jpyx",
    "/sign-in",
)

CONTRAST = """
(() => {
  const channels = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const found = channels(getComputedStyle(each).backgroundColor);
      if ((found[3] ?? 1) > 0) return found;
    }
    return [255, 255, 255];
  };
  const faults = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const [a, b] = [light(channels(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return faults;
})()
"""
"""Texts with less contrast than WCAG 2.2 AA asks for, whatever their size."""

SMALL = """
[...document.querySelectorAll("button, input:not([type=hidden]), select, summary, nav li a, .button")]
  .filter((each) => each.getClientRects().length)
  .filter((each) => each.getBoundingClientRect().height < 24)
  .map((each) => each.outerHTML.slice(0, 120))
"""
"""What is pressed, and is lower than the 24 pixels that WCAG 2.2 AA asks for."""

WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""Pixels by which a page is wider than the window."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_and_buttons_be_hit_by_day_and_by_night(site, page, scheme):
    page.prefer(color_scheme=scheme)
    for path in PATHS:
        page.open(f"{site.url}/ja{path}")
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(SMALL) == [], path


def test_nothing_is_cut_off_on_a_narrow_screen_or_at_200_percent(site, page):
    for width in (320, 640):
        page.size(width)
        for language in ("ja", "en"):
            for path in PATHS:
                page.open(f"{site.url}/{language}{path}")
                assert page.evaluate(WIDE) <= 0, (width, path)


def test_the_keyboard_reaches_everything_and_its_place_can_be_seen(site, page):
    page.open(f"{site.url}/en/rounds/spring/projects/river-map")
    page.press("Tab", 9)
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.press("Enter", 13)
    page.until("location.hash === '#main'")
    page.until("document.activeElement.id === 'main'")
    seen = []
    for _ in range(12):
        page.press("Tab", 9)
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        outline = (
            "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth; })()"
        )
        if page.evaluate("document.activeElement !== document.body"):
            assert page.evaluate(outline) == "solid3px", seen
    assert "amount" in seen and "Estimate" in seen and "Add to the gift list" in seen


def test_reading_asks_nothing_of_anybody_else_and_keeps_nothing(site, page):
    for path in PATHS[:3]:
        page.open(f"{site.url}/en{path}")
    page.look(0.2)
    assert page.requested and all(url.startswith((site.url, "about:")) for url in page.requested)
    assert page.send("Network.getCookies")["cookies"] == []


def test_whoever_wants_no_motion_gets_none(site, page):
    page.prefer(reduced_motion="reduce")
    page.open(f"{site.url}/en")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_a_page_prints_without_its_buttons(site, page):
    page.open(f"{site.url}/en/rounds/spring/projects/river-map")
    page.send("Emulation.setEmulatedMedia", media="print")
    assert not page.evaluate("document.querySelector('form.gift').getClientRects().length")
    assert page.evaluate("document.querySelector('h1').getClientRects().length")
