"""Open the page in headless Chromium and take pictures: shots.py BASE_URL OUT_DIR [NAME ...]."""

import os
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]


def pick(page: Page, hazardous: bool) -> None:
    """Click a track where it really is drawn."""
    page.keyboard.press("]" if hazardous else "f")
    page.wait_for_timeout(1500)
    numbers = page.evaluate("window.tocsin.trackNumbers()")
    number = (page.evaluate("window.tocsin.state().selected") or {}).get("number", numbers[3])
    page.keyboard.press("Escape")
    x, y = page.evaluate(f"window.tocsin.trackScreenPosition({number})")
    page.mouse.click(x, y)
    page.wait_for_selector("[data-testid=track-card]", timeout=10000)


def main(base: str, out: Path, names: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        for name in names or ["wide", "narrow"]:
            width, height = (900, 700) if name.startswith("narrow") else (1440, 900)
            # The page's own policy forbids the eval() that Playwright's wait_for_function uses.
            page = browser.new_page(viewport={"width": width, "height": height}, bypass_csp=True)
            page.on("console", lambda m: print("console", m.type, m.text[:300]))
            page.on("pageerror", lambda e: print("pageerror", e))
            page.goto(base)
            page.wait_for_function("window.tocsin && window.tocsin.frames > 2", timeout=60000)
            time.sleep(4)
            if "fast" in name:
                page.locator("[data-testid=speed-20]").click()
                time.sleep(14)
                page.locator("[data-testid=speed-1]").click()
                time.sleep(1)
            if "track" in name:
                pick(page, hazardous=True)
            if "legend" in name:
                page.keyboard.press("l")
            if "help" in name:
                page.keyboard.press("?")
            if "zone" in name:
                page.locator("[data-testid=warning-row]").first.click()
            if "zoom" in name:
                for _ in range(3):
                    page.keyboard.press("+")
            if "grey" in name:
                page.add_style_tag(content="html { filter: grayscale(1) }")
            time.sleep(2)
            page.screenshot(path=str(out / f"{name}.png"), timeout=90000)
            print(name, page.evaluate("JSON.stringify(window.tocsin.state())"))
            page.close()
        browser.close()


main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
