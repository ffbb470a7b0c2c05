"""A browser that does what it is told, one JSON object per line in and out: browser.py CHROMIUM CHROMEDRIVER SCRIPTS.

{"open": URL}, {"fill": {ID: TEXT}}, {"press": SELECTOR}, {"tab": TEXTS} (typed field by field with the keyboard alone, then
Enter), {"shot": FILE, "width": W, "height": H}. Each answers with what is on the page. SCRIPTS is `on` or `off`.
"""

import json
import sys

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def page(driver):
    """What a person sees."""
    fields = driver.find_elements(By.CSS_SELECTOR, 'input:not([type=hidden])')
    return {
        'title': driver.title,
        'heading': ' '.join(h.text for h in driver.find_elements(By.TAG_NAME, 'h1')),
        'text': driver.find_element(By.TAG_NAME, 'body').text,
        'fields': {f.get_attribute('id'): f.get_property('value') for f in fields},
        # The name by which a screen reader announces the field.
        'names': {f.get_attribute('id'): f.accessible_name for f in fields},
        'types': {f.get_attribute('id'): f.get_attribute('type') for f in fields},
    }


def leave(driver, act):
    """Do it, and wait until another page is there."""
    old = driver.find_element(By.TAG_NAME, 'html')
    act()
    WebDriverWait(driver, 60).until(lambda d: _is_other(d, old))


def _is_other(driver, old):
    found = driver.find_elements(By.TAG_NAME, 'html')
    return found and found[0].id != old.id and driver.find_elements(By.TAG_NAME, 'h1')


def do(driver, order):
    """One order."""
    if 'open' in order:
        driver.get(order['open'])
    for name, text in order.get('fill', {}).items():
        field = driver.find_element(By.ID, name)
        field.clear()
        field.send_keys(text)
    if 'press' in order:
        leave(driver, driver.find_element(By.CSS_SELECTOR, order['press']).click)
    if 'tab' in order:
        keyboard = driver.find_element(By.TAG_NAME, 'body')
        for text in order['tab']:
            keyboard.send_keys(Keys.TAB)
            keyboard = driver.switch_to.active_element
            keyboard.send_keys(Keys.CONTROL, 'a')
            keyboard.send_keys(text)
        leave(driver, lambda: keyboard.send_keys(Keys.ENTER))
    if 'shot' in order:
        driver.set_window_size(order.get('width', 1000), order.get('height', 1400))
        driver.save_screenshot(order['shot'])
    return page(driver)


def main():
    chromium, chromedriver, scripts = sys.argv[1:]
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    # As root there is no sandbox; the only pages are ours. The laboratory's certificate is nobody else's business.
    for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'):
        options.add_argument(argument)
    if scripts == 'off':
        options.add_experimental_option('prefs', {'profile.managed_default_content_settings.javascript': 2})
    driver = webdriver.Chrome(options, webdriver.ChromeService(chromedriver))
    try:
        print(json.dumps({'version': driver.capabilities['browserVersion']}), flush=True)
        for line in sys.stdin:
            print(json.dumps(do(driver, json.loads(line))), flush=True)
    finally:
        driver.quit()


main()
