"""What Mozilla's HTTP Observatory gives every kind of answer, through nginx, over TLS."""

import json
import os
import subprocess
from urllib.parse import urlencode, urlsplit

import pytest
from browser import ROOT
from reading import POSTED

from trials.stack import Stack

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
TYPED = urlencode(POSTED)
EVERYTHING = f"{LOCKED}&{TYPED}"

# What it looks at and how it answers, with the points for that. It starts at 100.
RIGHT = {
    "content-security-policy": ["csp-implemented-with-no-unsafe-default-src-none", 10],
    "cookies": ["cookies-not-found", 0],  # 5 points are for cookies that are well kept; none are kept here
    "cross-origin-resource-policy": ["corp-implemented-with-same-origin", 10],
    "cross-origin-resource-sharing": ["cross-origin-resource-sharing-not-implemented", 0],
    "redirection": ["redirection-to-https", 0],
    "referrer-policy": ["referrer-policy-private", 5],
    "strict-transport-security": ["hsts-implemented-max-age-at-least-six-months", 0],  # 5 points more where preloaded
    "x-content-type-options": ["x-content-type-options-nosniff", 0],
    "x-frame-options": ["x-frame-options-implemented-via-csp", 5],
}
MOST = 100 + 10 + 10 + 5 + 5
# Only a page that loads a script can have it checked.
SCRIPT = {
    "none": ["sri-not-implemented-but-no-scripts-loaded", 0],
    "checked": ["sri-implemented-and-all-scripts-loaded-securely", 5],
    "data": ["sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0],
    "no page": ["sri-not-implemented-response-not-html", 0],
}

# Name: path, status, kind of script.
PAGES = {
    "home": ("/", 200, "none"),
    "home, in Spanish": ("/es/", 200, "none"),
    "problems": ("/problems/", 200, "none"),
    "problem": ("/problems/account-locked/", 200, "none"),
    "problem, in Spanish": ("/es/problems/account-locked/", 200, "none"),
    "checklist": ("/checklist/", 200, "none"),
    "questions": ("/faq/", 200, "data"),
    "contact": ("/contact/", 200, "none"),
    "prepare": ("/prepare/", 200, "none"),
    "words": ("/privacy/", 200, "none"),
    "for desks": ("/for-support-desks/", 200, "none"),
    "symptoms": ("/triage/", 200, "none"),
    "question": ("/triage/question/?symptom=locked-message", 200, "none"),
    "verdict": (f"/triage/verdict/?{LOCKED}", 200, "none"),
    "details": (f"/triage/details/?{LOCKED}", 200, "none"),
    "details, in Spanish": (f"/es/triage/details/?{LOCKED}", 200, "none"),
    "resume": ("/triage/resume/", 200, "none"),
    "packet start": ("/packet/", 200, "none"),
    "packet start, direct": ("/packet/pdf/", 405, "none"),
    "empty form": ("/packet/blank.pdf", 200, "no page"),
    "static file": ("/static/site.css", 200, "no page"),
    "robots": ("/robots.txt", 200, "no page"),
    "schema": ("/packet/packet-1.schema.json", 200, "no page"),
    "not there": ("/nowhere/", 404, "none"),
    "not there, in Spanish": ("/es/nowhere/", 404, "none"),
    "static file, not there": ("/static/nothing.css", 404, "none"),
    "address too long": (f"/{'x' * 5000}", 414, "none"),
}
# The same, with what is posted.
POSTS = {
    "review": (f"/triage/review/?{LOCKED}", 200, "checked", TYPED),
    "review, in Spanish": (f"/es/triage/review/?{LOCKED}", 200, "checked", TYPED),
    "review, refused": (f"/triage/review/?{LOCKED}", 422, "none", f"{TYPED}&phone=1"),
    "change": (f"/triage/details/?{LOCKED}", 200, "none", TYPED),
    "packet as PDF": ("/packet/pdf/", 200, "no page", EVERYTHING),
    "packet as text": ("/packet/txt/", 200, "no page", EVERYTHING),
    "too many fields": (f"/triage/review/?{LOCKED}", 400, "none", "&".join(f"f{number}=" for number in range(300))),
    "failure": ("/fail/", 500, "none", TYPED),
    "busy": ("/packet/pdf/", 503, "checked", EVERYTHING),
    "too large": (f"/triage/review/?{LOCKED}", 413, "none", "x" * (7 * 1024 * 1024 + 1)),
}


def scores(stack: Stack, requests: dict[str, dict]) -> dict[str, dict]:
    """What the scanner says of each answer."""
    site = {
        "hostname": "localhost",
        "httpPort": urlsplit(stack.plain_address).port,
        "httpsPort": urlsplit(stack.address).port,
        "requests": requests,
    }
    words = ["node", "tests/observatory/score.mjs"]
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(stack.certificate)}
    asked = json.dumps(site)
    done = subprocess.run(words, cwd=ROOT, env=environment, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def scored(failing_stack) -> dict[str, dict]:
    requests = {name: {"path": path} for name, (path, _, _) in PAGES.items()}
    requests["preloaded"] = {"path": POSTS["review"][0], "form": TYPED, "preloaded": True}
    requests |= {
        name: {"path": path, "form": form, "wanted": status, "atOnce": 12 if status == 503 else 1}
        for name, (path, status, _, form) in POSTS.items()
    }
    return scores(failing_stack, requests)


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
def test_every_kind_of_answer_has_all_the_points_that_a_site_without_cookies_can_have(scored, name):
    _, status, script, *_ = (PAGES | POSTS)[name]
    answer = scored[name]
    assert answer["status"] == status
    assert answer["tests"] == RIGHT | {"subresource-integrity": SCRIPT[script]}
    assert answer["score"] == MOST + SCRIPT[script][1]


def test_the_last_points_come_when_the_health_system_has_its_name_preloaded(scored):
    assert scored["preloaded"]["score"] == 140


def test_the_page_that_nginx_shows_when_no_replica_is_there_has_them_too(failing_stack):
    for replica in failing_stack.replicas:
        replica.kill()
    try:
        down = scores(failing_stack, {"down": {"path": "/triage/"}})["down"]
    finally:
        for replica in failing_stack.replicas:
            replica.launch()
        for replica in failing_stack.replicas:
            replica.wait_until_ready()
    assert (down["status"], down["score"]) == (503, MOST)
