"""Opens a report in a real browser and prints what it looks like as JSON. Arguments: file, folder for pictures."""

import json
import sys
import tempfile

import html5lib
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

page, pictures = sys.argv[1:]

# Everything that is measured in the page; it runs in the driver's world, where the page's own rules do not reach.
measure = """
const visible = (element) => element.getClientRects().length > 0
const clipped = [...document.querySelectorAll('svg text')].filter((text) => {
  const inner = text.getBoundingClientRect(), outer = text.ownerSVGElement.getBoundingClientRect()
  return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1
}).map((text) => text.textContent)
const channel = (value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number)
const background = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor)
    if (colour.length === 3 || colour[3] > 0) return colour
  }
  return [255, 255, 255]
}
const texts = [...document.querySelectorAll('h1, h2, h3, p, td, th, dt, dd, small, caption, figcaption, .mark, footer, svg text, summary, pre')]
const faint = texts.filter((element) => visible(element) && element.textContent.trim() !== '').map((element) => {
  const style = getComputedStyle(element)
  const ink = luminance(rgb(element.closest('svg') ? style.fill : style.color)), paper = luminance(background(element))
  return [element.textContent.slice(0, 40), (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)]
}).filter(([, contrast]) => contrast < 4.5)
return {
  title: document.title,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  plots: [...document.querySelectorAll('svg')].map((svg) => Math.round(svg.getBoundingClientRect().height)),
  bars: document.querySelectorAll('svg rect.bar').length,
  rows: document.querySelectorAll('tbody tr').length,
  alerts: document.querySelectorAll('script, img, iframe, object').length,
  shown: document.body.innerText,
  background: getComputedStyle(document.body).backgroundColor,
  clipped, faint,
}
"""


def driver(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    flags += f" disable-component-update disable-sync hide-scrollbars user-data-dir={profile}"
    for flag in flags.split():
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def look(browser, name, scheme, width):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 1400, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get(f"file://{page}")
    browser.save_screenshot(f"{pictures}/{name}.png")
    return browser.execute_script(measure)


with open(page, "rb") as file:
    # strict raises for the first thing the HTML standard calls a parse error.
    html5lib.HTMLParser(strict=True).parse(file.read())

with tempfile.TemporaryDirectory() as profile:
    browser = driver(profile)
    try:
        looks = {
            "light": look(browser, "light", "light", 1100),
            "dark": look(browser, "dark", "dark", 1100),
            "narrow": look(browser, "narrow", "light", 400),
        }
        requests = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        urls = {r["params"]["request"]["url"] for r in requests if r["method"] == "Network.requestWillBeSent"}
        pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        console = [entry["message"] for entry in browser.get_log("browser")]
    finally:
        browser.quit()

print(json.dumps({"looks": looks, "urls": sorted(urls), "console": console, "pdfBytes": len(pdf) * 3 // 4}))
