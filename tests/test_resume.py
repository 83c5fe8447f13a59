"""A saved packet that is given back: everything is there again, and what is wrong with it is told as if typed."""

import datetime
import io
import json
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pypdf import PdfReader, PdfWriter
from reading import Page, post
from variants import VARIANTS

from helpdesk.loaded import catalog_in
from triage import attached
from triage.attached import NotOursError, data_in
from triage.reference import read_reference

pytestmark = pytest.mark.usefixtures("static_files")

each = pytest.mark.parametrize("name", VARIANTS)
SIMPLE = "account-locked"
RESUME = {"en": "/triage/resume/", "es": "/es/triage/resume/"}


def give(client, content: bytes, name: str = "support-request.pdf", language: str = "en") -> Page:
    """The page that comes when this file is given back on the site in this language."""
    url = RESUME[language]
    response = client.post(url, {"packet": SimpleUploadedFile(name, content)})
    assert "no-store" in response["Cache-Control"]
    assert "Location" not in response
    assert not response.cookies
    page = Page(response, url)
    assert "Traceback" not in page.html
    return page


def data_of(client, page: Page) -> dict[str, Any]:
    form = page.form(catalog_in(page.tree.get("lang")).interface["review"]["data"])
    response = post(client, form.action, form.pairs)
    assert response.status_code == 200
    return json.loads(response.content)


# ---- there and back ----


@each
@pytest.mark.parametrize("kind", ["pdf", "json"])
def test_what_was_saved_comes_back_whole(packets, client, name, kind):
    before, language = json.loads(packets.json(name)), VARIANTS[name].language
    page = give(client, packets.pdf(name) if kind == "pdf" else packets.json(name), language=language)
    assert page.status == 200
    assert page.title.startswith(catalog_in(language).interface["review"]["title"])
    assert data_of(client, page) == before


@pytest.mark.parametrize("name", [SIMPLE, f"{SIMPLE}, patient reads Spanish", f"{SIMPLE}, desk reads Spanish"])
def test_a_packet_may_be_given_back_in_another_language_and_nothing_else_changes(packets, client, name):
    before = json.loads(packets.json(name))
    for language in RESUME:
        page = give(client, packets.json(name), language=language)
        assert page.tree.get("lang") == language
        assert data_of(client, page) == before | {"language": language}
        # Its own language is offered, so that what was typed is not taken for another one's.
        offered = [
            item.get("lang") for item in page.all("nav[@class='languages']/ul/li") if item.find("span") is not None
        ]
        assert offered == [before["language"]] * (language != before["language"])


def test_a_mistake_can_be_mended_and_the_reference_stays(packets, client):
    packets.use(SIMPLE)
    page = give(client, packets.pdf(SIMPLE))
    form = page.form("Change what you wrote")
    details = Page(post(client, form.action, form.pairs), form.action)
    form = details.form("Continue")
    mended = [(key, "Mended Name" if key == "name" else value) for key, value in form.pairs]
    after = data_of(client, Page(post(client, form.action, mended), form.action))
    assert after["details"]["name"] == "Mended Name"
    assert after["reference"] == packets[SIMPLE].reference
    assert after["made_at"] == packets[SIMPLE].made_at.isoformat()


def test_a_pdf_that_another_program_saved_again_is_taken(packets, client):
    packets.use(SIMPLE)
    writer = PdfWriter(clone_from=io.BytesIO(packets.pdf(SIMPLE)))
    file = io.BytesIO()
    writer.write(file)
    assert give(client, b"\n\n" + file.getvalue()).status == 200


def test_the_page_asks_for_a_file_and_says_what_happens_to_it(client):
    response = client.get("/triage/resume/")
    page = Page(response)
    assert "no-store" in response["Cache-Control"]
    (box,) = page.all("input[@type='file']")
    assert box.get("accept") == "application/pdf,application/json,.pdf,.json"
    assert page.form("Continue").method == "post"
    assert page.form("Continue").action == "/triage/resume/"
    assert "We do not keep it." in page.text


def test_nothing_of_the_file_is_in_an_address(packets, client):
    page = give(client, packets.pdf(SIMPLE))
    details = packets[SIMPLE].details
    for address in page.attributes("href", "action", "formaction"):
        assert [value for value in details.values() if len(str(value)) > 4 and str(value) in address] == []


# ---- what is no packet ----


def a_pdf(**attached_files: bytes) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, content in attached_files.items():
        writer.add_attachment(name.replace("_", "-").replace("-json", ".json"), content)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def encrypted(content: bytes) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt("secret", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def bomb(name: str = attached.NAME, size: int = 300_000_000) -> bytes:
    """An enclosed file of some kilobytes that becomes very long."""
    packer, packed = zlib.compressobj(9), b""
    for _ in range(size // 1_000_000):
        packed += packer.compress(b" " * 1_000_000)
    packed += packer.flush()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(%s) 3 0 R]>>>>>>" % name.encode(),
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F 4 0 R>>>>" % (name.encode(), name.encode()),
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    return by_hand(objects)


def by_hand(objects: list[bytes]) -> bytes:
    file, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(file))


LOOP = by_hand(
    [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 3 0 R>>>>",
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"<</Kids[3 0 R 3 0 R]>>",
    ]
)
GOOD_JSON = b'{"symptoms": ["locked-message"], "answers": {}, "tried": {}, "details": {}}'
NOT_OURS = {
    "foreign PDF": a_pdf(),
    "PDF with another file in it": a_pdf(invoice_json=GOOD_JSON),
    "PDF with broken data in it": a_pdf(support_request_json=b"{"),
    "PDF with a list in it": a_pdf(support_request_json=b"[]"),
    "encrypted PDF": encrypted(a_pdf(support_request_json=GOOD_JSON)),
    "half a PDF": a_pdf(support_request_json=GOOD_JSON)[:300],
    "PDF bomb": bomb(),
    "PDF that goes round in circles": LOOP,
    "head alone": b"%PDF-1.7\n",
    "text": b"I cannot sign in",
    "picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "nothing JSON": b"{}",
    "number": b"7",
    "nesting": b"[" * 100_000,
    "nested objects": b'{"symptoms":' * 100_000,
    "huge number": b'{"symptoms": ' + b"9" * 100_000 + b"}",
    "not text": b"\xff\xfe\x00",
    "null": b"null",
    "no symptom": b'{"symptoms": [], "answers": {}, "tried": {}, "details": {}}',
    "unknown symptom alone": b'{"symptoms": ["x"], "answers": {}, "tried": {}, "details": {}}',
    "details are a list": b'{"symptoms": ["locked-message"], "answers": {}, "tried": {}, "details": []}',
    "answers are text": b'{"symptoms": ["locked-message"], "answers": "x", "tried": {}, "details": {}}',
    "FHIR": b'{"resourceType": "QuestionnaireResponse", "status": "completed"}',
}


@pytest.mark.parametrize("content", NOT_OURS.values(), ids=NOT_OURS)
def test_a_file_that_is_no_packet_gives_a_kind_error(client, content):
    page = give(client, content)
    assert page.status == 422
    (message,) = page.texts("div[@id='errors']//a")
    assert message == "We find no support request in this file. Choose the PDF that you saved here." or (
        message.startswith("We could not open this file now.")
    )
    assert page.all("div[@id='errors']//a")[0].get("href") in page.attributes("href")
    assert page.dead_references() == []


@pytest.mark.parametrize("content", [b"", None], ids=["empty", "none"])
def test_no_file_at_all_gives_a_kind_error(client, content):
    page = Page(client.post("/triage/resume/", {})) if content is None else give(client, content)
    assert page.status == 422
    assert page.texts("div[@id='errors']//a") == ["Choose the file that you saved here before."]


def test_a_huge_file_is_refused(client, settings):
    for size in (settings.WAYIN_LONGEST_FILE, settings.WAYIN_LONGEST_BODY + 1):
        file = SimpleUploadedFile("x.pdf", b"%PDF-1.7" + b"x" * size)
        page = Page(client.post("/triage/resume/", {"packet": file}))
        assert page.status in (413, 422)
        assert page.all("h1")


def test_the_data_in_a_pdf_may_not_be_longer_than_any_packet():
    with pytest.raises(NotOursError):
        data_in(a_pdf(support_request_json=GOOD_JSON + b" " * attached.LONGEST))
    assert data_in(a_pdf(support_request_json=GOOD_JSON)) == GOOD_JSON


# ---- what is doctored is read as if typed ----


def doctored(packets, **changes: object) -> bytes:
    packets.use(SIMPLE)
    return json.dumps(json.loads(packets.json(SIMPLE)) | changes).encode()


def details_with(packets, **changes: object) -> dict[str, object]:
    return json.loads(packets.json(SIMPLE))["details"] | changes


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("what-happened", "my password is Hunter2!", "seems to hold a password"),
        ("what-happened", "SSN 078-05-1120", "seems to hold a Social Security number"),
        ("began", "x" * 5000, "Make it shorter"),
        ("phone", "12", "needs a phone number"),
        ("email", "nobody", "needs an e-mail address"),
        ("birth-date", "2950-01-01", "must be in the past"),
        ("birth-date", "1950-02-31", "does not exist"),
        ("birth-date", "yesterday", "also needs"),
        ("safe-contact", "shout", "Choose one of the answers"),
    ],
)
def test_what_would_be_wrong_if_typed_leads_to_the_details(packets, client, key, value, said):
    page = give(client, doctored(packets, details=details_with(packets, **{key: value})))
    assert page.title.startswith("Error: What support needs to know")
    assert said in " ".join(page.texts("div[@id='errors']//a"))
    carried = dict(page.form("Continue").pairs)
    assert carried["reference"] == packets[SIMPLE].reference
    assert carried["name"] == packets[SIMPLE].details["name"] or key == "name"


def test_where_something_must_be_mended_the_packets_own_language_is_offered_too(packets, client):
    page = give(client, doctored(packets, language="es", details=details_with(packets, phone="12")))
    assert page.title.startswith("Error: What support needs to know")
    (offered,) = (item for item in page.all("nav[@class='languages']/ul/li") if item.find("span") is not None)
    assert offered.get("lang") == "es"


@pytest.mark.parametrize("value", [7, None, True, [], {}, ["x"], {"a": "b"}, 1.5])
def test_a_value_of_a_wrong_type_counts_as_left_open(packets, client, value):
    page = give(client, doctored(packets, details=details_with(packets, began=value), picture=value, made_at=value))
    assert page.status == 200
    assert "began" not in data_of(client, page)["details"]


def test_ids_that_nobody_knows_are_dropped_and_the_page_says_so(packets, client):
    wrong = {
        "answers": {"x": ["y"], "for-whom": ["self", "martian"], "codes-unasked": 3, "needed-today": ["refill", {}]},
        "tried": {"stop-trying": "worked", "x": "worked", "write-message": "maybe", "check-junk": []},
        "symptoms": ["locked-message", "x", None, ["locked-message"]],
        "details": {"password": "x", "began": "Monday", "__class__": "x"},
        "extra": {"y": "z"},
    }
    page = give(client, doctored(packets, **wrong))
    assert page.status == 200
    data = data_of(client, page)
    assert data["symptoms"] == ["locked-message"]
    assert data["answers"] == {"for-whom": ["self"], "needed-today": ["refill"]}
    assert data["tried"]["stop-trying"] == "worked"
    assert set(data["tried"].values()) <= {"worked", "not-tried"}
    assert data["details"] == {"began": "Monday"}
    assert "extra" not in data


@pytest.mark.parametrize("reference", ["", "0O1I-LLLL", "AAAA-AAAA", "<b>", 7, None, "2345-678K" * 1000])
def test_a_reference_that_is_not_one_of_ours_is_replaced(packets, client, reference):
    data = data_of(client, give(client, doctored(packets, reference=reference)))
    assert data["reference"] != reference
    assert read_reference(data["reference"]) == data["reference"]


@pytest.mark.parametrize("days", [-3, -4000, 1, 400])
def test_a_time_that_is_old_or_still_to_come_is_now(packets, client, days):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    data = data_of(client, give(client, doctored(packets, made_at=moment.isoformat())))
    made_at = datetime.datetime.fromisoformat(data["made_at"])
    assert abs(datetime.datetime.now(datetime.UTC) - made_at) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    "made_at", ["", "yesterday", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+23:59", "2026-11-24"]
)
def test_a_time_that_is_none_is_now(packets, client, made_at):
    data = data_of(client, give(client, doctored(packets, made_at=made_at)))
    moment = datetime.datetime.fromisoformat(data["made_at"])
    assert abs(datetime.datetime.now(datetime.UTC) - moment) < datetime.timedelta(days=2)


@pytest.mark.parametrize("picture", ["aGVsbG8=", "no base64!", "x" * 100])
def test_a_picture_that_is_none_is_told_and_the_rest_is_kept(packets, client, picture):
    page = give(client, doctored(packets, symptoms=["other-message"], picture=picture))
    assert page.title.startswith("Error: ")
    assert page.texts("div[@id='errors']//a")[0].endswith("copy the words.")
    assert dict(page.form("Continue").pairs)["name"] == packets[SIMPLE].details["name"]


def test_what_the_file_says_of_our_findings_is_found_anew(packets, client):
    wrong = {
        "verdict": "wait",
        "problems": ["portal-down"],
        "requests": ["Give me the password"],
        "warnings": [],
        "sheet_a": [{"id": "x", "label": "Verified by", "values": ["the desk"], "own_words": False}],
        "sheet_b": [],
        "organization": "Evil Health",
    }
    data = data_of(client, give(client, doctored(packets, **wrong)))
    assert data == json.loads(packets.json(SIMPLE))


def test_markup_in_the_file_is_text(packets, client):
    page = give(client, doctored(packets, details=details_with(packets, began="<script>alert(1)</script>")))
    assert "<script>alert" not in page.html
    assert data_of(client, page)["details"]["began"] == "<script>alert(1)</script>"


def test_the_file_is_read_by_what_it_is_and_not_by_its_name(packets, client):
    packets.use(SIMPLE)
    assert give(client, packets.pdf(SIMPLE), "../../etc/passwd").status == 200
    assert give(client, packets.json(SIMPLE), "x.pdf").status == 200
    assert not Path("etc").exists()


@pytest.mark.parametrize("value", [b"1", b"[]", b"{}", b'"refill"', b'"none-of-these"'])
@pytest.mark.parametrize("place", [b'"symptoms":["locked-message"', b'"answers":{"needed-today":["refill"', b'"x":[1'])
def test_a_file_of_a_million_values_is_refused_before_anything_is_made_of_them(client, place, value):
    parts = {b"symptoms": b'["locked-message"]', b"answers": b"{}", b"tried": b"{}", b"details": b"{}"}
    rest = b"".join(b',"%s":%s' % part for part in parts.items() if b'"%s"' % part[0] not in place)
    end = b"]}" if b"{" in place else b"]"
    document = b"{" + place + (b"," + value) * (2_000_000 // len(value)) + end + rest + b"}"
    began = time.thread_time()
    assert give(client, document, "support-request.json").status == 422
    # A second and 200 MB, if each were looked at; the refusal takes some milliseconds.
    assert time.thread_time() - began < 0.5


def test_a_bomb_costs_no_memory_here():
    assert len(bomb()) < 500_000
    with pytest.raises(NotOursError):
        data_in(bomb())


def test_the_reader_of_the_tests_reads_what_is_enclosed():
    assert set(PdfReader(io.BytesIO(a_pdf(support_request_json=GOOD_JSON))).attachments) == {"support-request.json"}
