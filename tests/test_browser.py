"""The helpers in browser.py are believed by every journey, so they are tested on a page with known faults."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import axe, focused_name, html_errors, no_horizontal_scroll, pick_radio, tab_to

PAGE = b"""<!DOCTYPE html><html lang="en"><head><title>Faults</title>
<link rel="icon" href="data:,"></head><body>
<main><h1>Faults</h1><a href="/next">Go <b>there</b></a>
<fieldset><legend>Who?</legend>
<input type="radio" name="who" value="me" id="me"><label for="me">For "me": today</label>
<input type="radio" name="who" value="kid" id="kid"><label for="kid">For a child's sake</label>
</fieldset>
<button>Go on</button></main>
<script>document.cookie = "script=1"; document.title = document.cookie || "no cookies";</script>
</body></html>"""


@pytest.fixture
def local_page():
    cookies_sent = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            cookies_sent.append(self.headers.get("Cookie"))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Set-Cookie", "server=1; Path=/")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", cookies_sent
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_visitor_without_cookies_keeps_none_and_sends_none(visitor, local_page, javascript):
    url, cookies_sent = local_page
    page = visitor(javascript=javascript, cookies=False)
    page.goto(url)
    page.goto(f"{url}/again")
    assert page.title() == ("no cookies" if javascript else "Faults")
    assert page.context.cookies() == []
    assert cookies_sent == [None, None]
    assert page.seen.set_cookies() == ["server=1; Path=/", "server=1; Path=/"]


def test_a_visitor_with_cookies_sends_them_back(visitor, local_page):
    url, cookies_sent = local_page
    page = visitor()
    page.goto(url)
    page.goto(f"{url}/again")
    assert cookies_sent == [None, "server=1; script=1"]


def test_requests_and_complaints_are_seen(visitor, local_page):
    url, _ = local_page
    page = visitor()
    page.goto(url)
    assert page.seen.complaints() == []
    assert page.seen.off_origin(url) == []
    page.evaluate("console.error('bad'); setTimeout(() => { throw new Error('worse') })")
    page.evaluate("fetch('http://127.0.0.1:9/elsewhere').catch(() => 0)")
    assert "error: bad" in page.seen.complaints()
    assert any("worse" in line for line in page.seen.complaints())
    assert page.seen.off_origin(url) == ["http://127.0.0.1:9/elsewhere"]


def test_the_keyboard_reaches_links_buttons_and_radio_buttons(visitor, local_page):
    page = visitor(javascript=False)
    page.goto(local_page[0])
    tab_to(page, "Go there")
    pick_radio(page, "For a child's sake")
    assert page.locator("#kid").is_checked()
    tab_to(page, "Go on")
    pick_radio(page, 'For "me": today')
    assert page.locator("#me").is_checked()
    assert focused_name(page) == 'For "me": today'
    with pytest.raises(AssertionError, match="did not reach 'Nowhere'"):
        tab_to(page, "Nowhere", limit=5)


def test_axe_and_horizontal_scroll_find_known_faults(visitor, local_page):
    page = visitor(width=320)
    page.goto(local_page[0])
    assert axe(page) == []
    assert no_horizontal_scroll(page)
    faults = '<img src="data:,"><hr style="width: 900px">'
    page.evaluate("faults => { document.querySelector('main').innerHTML += faults }", faults)
    assert [line.partition(":")[0] for line in axe(page)] == ["image-alt"]
    assert not no_horizontal_scroll(page)


def test_the_html_checker_names_the_page_and_the_fault():
    good = '<!DOCTYPE html><html lang="en"><head><title>x</title></head><body></body></html>'
    bad = good.replace("<body>", "<body><p><div></div></p>")
    assert html_errors([good]) == []
    assert html_errors({"/good/": good, "/bad/": bad}) == [
        "/bad/:1: error: No “p” element in scope but a “p” end tag seen. div></div></p></body"
    ]
