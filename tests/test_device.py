"""The guess at device and browser, from what browsers really send."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.cleaning import clean_line
from triage.device import guess


@pytest.mark.parametrize(
    ("user_agent", "device", "browser"),
    [
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/17.5 Mobile/15E148 Safari/604.1"
            ),
            "iPhone, iOS 17",
            "Mobile Safari 17",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
                "Mobile Safari/537.36"
            ),
            "Pixel 8, Android 14",
            "Chrome Mobile 131",
        ),
        (  # Chrome hides the model on every Android, and says "K" and 10
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
                "Mobile Safari/537.36"
            ),
            "Android 10",
            "Chrome Mobile 131",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
                "Safari/537.36 Edg/131.0.0.0"
            ),
            "Windows 10",
            "Edge 131",
        ),
        (  # every Mac says 10.15
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/17.5 Safari/605.1.15"
            ),
            "Mac",
            "Safari 17",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Linux", "Firefox 128"),
    ],
)
def test_a_common_browser_is_recognised(user_agent, device, browser):
    assert guess(user_agent) == {"device": device, "browser": browser}


@pytest.mark.parametrize("user_agent", ["", "x", "-", "Mozilla/5.0", "<script>alert(1)</script>"])
def test_without_anything_to_go_by_there_is_no_guess(user_agent):
    assert guess(user_agent) == {}


@given(
    st.text(st.characters(codec=None))
    | st.text(max_size=60).map(lambda text: f"Mozilla/5.0 (Linux; Android 10; {text}) x")
)
def test_no_header_breaks_it_and_a_guess_fits_its_field(user_agent):
    assert all(0 < len(said) <= 120 and clean_line(said) == said for said in guess(user_agent).values())


def test_a_header_of_fifty_thousand_characters_gives_what_its_start_gives():
    start = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    assert guess(start + " " * 50_000 + "Android") == guess(start)


def test_what_a_browser_sent_is_not_kept():
    sent = "Mozilla/5.0 (Linux; Android 14; Canary7Q) AppleWebKit/537.36"
    assert guess(sent) == {"device": "Canary7Q, Android 14", "browser": "Android 14"}
    assert [table for table in gc.get_objects() if type(table) is dict and sent in table] == []
