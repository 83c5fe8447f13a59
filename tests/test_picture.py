"""The picture of the message: taken in four formats, made anew, refused where it could do harm, and kept nowhere."""

import io
import json
import os
import re
import struct
import sys
import time
import zlib
from base64 import b64decode, b64encode

import chores
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, PngImagePlugin
from reading import POSTED, Page, answered, post, press

from helpdesk.loaded import catalog, say
from triage import picture, workers
from triage.consistency import PICTURE_REASONS
from triage.picture import PictureError, clean

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

CANARY = "Canary7Q"


def screen(size: tuple[int, int] = (320, 200), mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 2, size[1] // 4), fill="red")
    draw.text((20, size[1] // 2), "Your account is locked. Error 1031", fill="black")
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("PNG",))


def is_red(image: Image.Image, at: tuple[int, int]) -> bool:
    red, green, blue = image.convert("RGB").getpixel(at)
    return red > 180 and green < 90 and blue < 90


# ---- what is taken ----


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_pictures_that_phones_and_computers_make_are_taken(kind):
    made = opened(clean(saved(screen(), kind)))
    assert made.format == "PNG"
    assert made.size == (320, 200)
    assert is_red(made, (60, 20))
    assert not is_red(made, (60, 180))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_is_taken(mode):
    image = screen().convert(mode) if mode != "I;16" else screen().convert("I").convert("I;16")
    assert opened(clean(saved(image, "JPEG" if mode == "CMYK" else "PNG"))).size == (320, 200)


def test_what_is_see_through_becomes_white():
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert opened(clean(saved(image, "PNG"))).convert("RGB").getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize(("orientation", "size"), [(1, (320, 200)), (3, (320, 200)), (6, (200, 320)), (8, (200, 320))])
def test_a_picture_taken_sideways_stands_upright(orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = opened(clean(saved(screen(), "JPEG", exif=exif)))
    assert made.size == size
    red_corner = {1: (20, 20), 3: (size[0] - 20, size[1] - 20), 6: (size[0] - 20, 20), 8: (20, size[1] - 20)}
    assert is_red(made, red_corner[orientation])
    assert "exif" not in made.info


def with_canaries(kind: str) -> bytes:
    """A picture with the canary wherever this kind of file can hide one."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = CANARY
    exif.get_ifd(0x8825)[0x1D] = CANARY
    options: dict = {"exif": exif, "icc_profile": CANARY.encode() * 20}
    if kind == "JPEG":
        options["comment"] = CANARY.encode()
    if kind.startswith("PNG"):
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", CANARY)
        options["pnginfo"].add_text("More", CANARY, zip=True)
        options["pnginfo"].add_itxt("Other", CANARY)
    if kind == "WEBP":
        options["xmp"] = f"<x>{CANARY}</x>".encode()
    image = screen().convert("P") if kind == "PNG, few colours" else screen()
    return saved(image, kind.partition(",")[0], **options) + CANARY.encode()


@pytest.mark.parametrize("kind", ["PNG", "PNG, few colours", "JPEG", "WEBP"])
def test_nothing_that_came_along_is_left(kind):
    sent = with_canaries(kind)
    assert CANARY.encode() in sent
    made = clean(sent)
    chunks = chunks_of(made)
    assert {name for name, _ in chunks} <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    assert all(CANARY.encode() not in body for _, body in chunks)
    assert opened(made).info == {}
    assert made.endswith(b"IEND\xaeB`\x82")


def chunks_of(png: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (320, 200), (1100, 1500)])
def test_cleaning_twice_is_cleaning_once(kind, size):
    photo = screen(size)
    once = clean(saved(photo, kind))
    assert clean(once) == once


def test_the_same_picture_gives_the_same_bytes_whoever_sends_it():
    assert clean(saved(screen(), "PNG")) == clean(saved(screen(), "PNG", compress_level=1))


def test_a_picture_whose_palette_is_missing_is_made_as_any_other():
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 2, 1, 3, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(b"\0\x0f\0\xf0"))
    once = clean(b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b""))
    assert opened(once).size == (8, 2)
    assert clean(once) == once


def test_a_picture_that_brings_a_palette_has_no_more_colours_than_any_other():
    many = Image.linear_gradient("L").convert("RGB").quantize(256)
    assert len(many.getcolors()) > picture.COLOURS
    once = clean(saved(many, "PNG"))
    assert len(opened(once).getcolors()) <= picture.COLOURS
    assert clean(once) == once


@pytest.mark.parametrize("size", [(5000, 5000), (8000, 300), (300, 8000), (1001, 10)])
def test_size_and_colours_have_bounds(size):
    made = opened(clean(saved(Image.linear_gradient("L").resize(size).convert("RGB"), "PNG")))
    assert made.width <= picture.WIDTH
    assert made.height <= picture.HEIGHT
    assert len(made.getcolors()) <= picture.COLOURS


def test_the_worst_picture_is_small_enough_to_travel_in_the_page(settings):
    worst = Image.frombytes("RGB", (1000, 1400), os.urandom(3 * 1000 * 1400))
    carried = b64encode(clean(saved(worst, "PNG"))).decode()
    # As a form sends it: three of its signs become three each.
    sent = len(carried) + 2 * sum(map(carried.count, "+/="))
    assert sent + 64 * 1024 < settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_the_order_of_the_palette_makes_no_difference():
    image = screen().quantize(8)
    assert image.getpalette() != (turned := image.remap_palette(range(7, -1, -1))).getpalette()
    assert clean(saved(image, "PNG")) == clean(saved(turned, "PNG"))


# ---- what is refused ----


def png_head(width: int, height: int, *chunks: bytes) -> bytes:
    """A small file that says it is large."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = zlib.compress(b"\0" * (min(height, 2000) * (1 + width // 8)), 9)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def moving(kind: str) -> bytes:
    return saved(screen(), kind, save_all=True, append_images=[Image.new("RGB", (320, 200), "blue")])


def cut(kind: str) -> bytes:
    return (whole := saved(Image.effect_noise((300, 300), 90).convert("RGB"), kind))[: len(whole) // 2]


HTML = b"<html><script>alert(1)</script></html>"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(%pipe%id) (w) file\n%%EOF\n"
BOMB = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 30_000_000, 9))
HOSTILE = {
    "20000 x 20000": (png_head(20_000, 20_000), "too-many-pixels"),
    "9000 x 9000": (png_head(9000, 9000), "too-many-pixels"),
    "65000 x 1": (png_head(65_000, 1), "too-many-pixels"),
    "5001 x 5001": (png_head(5001, 5001), "too-many-pixels"),
    "texts of 90 MB": (png_head(10, 10, BOMB, BOMB, BOMB), "not-a-picture"),
    "moving PNG": (moving("PNG"), "several"),
    "moving WebP": (moving("WEBP"), "several"),
    "moving GIF": (moving("GIF"), "not-a-picture"),
    "GIF": (saved(screen(), "GIF"), "not-a-picture"),
    "BMP": (saved(screen(), "BMP"), "not-a-picture"),
    "EPS": (EPS, "not-a-picture"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "not-a-picture"),
    "TIFF": (saved(screen(), "TIFF"), "not-a-picture"),
    "JPEG 2000": (saved(screen(), "JPEG2000"), "not-a-picture"),
    "AVIF": (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif" + b"\0" * 64, "not-a-picture"),
    "PDF": (b"%PDF-1.7\n" + b"1 0 obj<<>>endobj\n%%EOF", "not-a-picture"),
    "HTML": (HTML, "not-a-picture"),
    "text": (b"I cannot sign in", "not-a-picture"),
    "empty": (b"", "not-a-picture"),
    "too long": (saved(screen(), "PNG") + b"\0" * picture.LONGEST, "too-big"),
    "head alone, PNG": (b"\x89PNG\r\n\x1a\n", "not-a-picture"),
    "head alone, JPEG": (b"\xff\xd8\xff\xe0", "not-a-picture"),
    "half a PNG": (cut("PNG"), "broken"),
    "half a JPEG": (cut("JPEG"), "broken"),
    "half a WebP": (cut("WEBP"), ""),
    "HEIC": (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + b"\0" * 64, "not-a-picture"),
    "broken check sums": (saved(screen(), "PNG").replace(b"IDAT", b"IDAX"), ""),
}


@pytest.mark.parametrize(("sent", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_could_do_harm_is_refused_at_once(sent, reason):
    workers.run(clean, saved(screen((8, 8)), "PNG"))
    start = time.perf_counter()
    with pytest.raises(PictureError) as refused:
        workers.run(clean, sent)
    # 50 ms on an idle machine; this one may have other things to do.
    assert time.perf_counter() - start < 3
    assert refused.value.reason == reason or not reason
    assert refused.value.reason in PICTURE_REASONS


def test_each_refusal_says_what_to_do_instead():
    said = catalog().interface["picture_errors"].values()
    assert all(re.search(r"Take |Cut |Try again|copy the words", words) for words in said)
    assert all(words.endswith("copy the words.") or "Take it again" in words for words in said)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_of_a_file_that_is_two_things_only_the_picture_is_left(kind):
    made = clean(saved(screen(), kind) + HTML)
    assert b"script" not in made
    assert opened(made).size == (320, 200)


def test_refusing_takes_no_memory_and_little_time():
    sent = [content for content, _ in HOSTILE.values()]
    growth, seconds = workers.run(chores.refused, sent)
    assert len(seconds) == len(sent)
    # The longest is a file of 6 MB, and a picture of 25 million pixels is decoded nowhere.
    assert growth < 30 * 1024 * 1024
    assert max(seconds) < 0.5


# ---- over HTTP ----

WITH_WORDS = answered("other-message")
WITHOUT_WORDS = answered("not-my-information")


def send(client, content: bytes, answers=WITH_WORDS, name: str = "IMG_Maria.png", **typed: str) -> Page:
    """Press Continue on the details page, with a picture chosen."""
    file = SimpleUploadedFile(name, content, "image/png")
    query = "&".join(f"{key}={value}" for key, value in answers.pairs())
    return Page(
        client.post(f"/triage/review/?{query}", {**POSTED, **typed, "picture": file}), f"/triage/review/?{query}"
    )


def carried(page: Page, button: str) -> str:
    return dict(page.form(button).pairs).get("picture-data", "")


def test_the_picture_is_shown_on_the_review_page_with_advice(client):
    page = send(client, with_canaries("JPEG"))
    assert page.status == 200
    assert "Does it show a name, a record, a password or a code?" in page.text
    shown = page.all("img[@class='picture']")
    assert len(shown) == 2
    assert {image.get("src") for image in shown} == {f"data:image/png;base64,{carried(page, 'Save as PDF')}"}
    assert all(image.get("alt") for image in shown)
    assert b64decode(carried(page, "Save as PDF")) == clean(with_canaries("JPEG"))
    for secret in (CANARY, b64encode(CANARY.encode()).decode()[:9], "IMG_Maria"):
        assert secret not in page.html


def test_it_is_on_sheet_b_of_each_rendering_for_the_eye_and_in_the_data(client):
    page = send(client, saved(screen(), "PNG"))
    data = carried(page, "Save as PDF")
    form = page.form("Save as PDF")
    made = {
        kind: post(client, f"/packet/{kind}/", form.pairs) for kind in ("pdf", "html", "json", "fhir", "txt", "call")
    }
    assert {response.status_code for response in made.values()} == {200}
    html = Page(made["html"])
    assert len(html.all("section[@id='sheet-b']//img[@class='picture']")) == 1
    assert html.all("img[@class='picture']")[0].get("src") == f"data:image/png;base64,{data}"
    assert json.loads(made["json"].content)["picture"] == data
    assert data in json.dumps(json.loads(made["fhir"].content))
    assert b"/Subtype /Image" in made["pdf"].content
    for kind in ("txt", "call"):
        assert data[:40] not in made[kind].content.decode()
        assert "png" not in made[kind].content.decode().lower()
        assert (
            made[kind].content
            == post(client, f"/packet/{kind}/", [pair for pair in form.pairs if pair[0] != "picture-data"]).content
        )


def test_it_is_kept_when_something_else_is_wrong(client):
    page = send(client, saved(screen(), "PNG"), phone="12")
    assert page.status == 422
    data = carried(page, "Continue")
    assert b64decode(data) == clean(saved(screen(), "PNG"))
    assert "Your picture is kept." in page.text
    mended = press(client, page, "Continue", {"phone": "207-555-0199"})
    assert mended.status == 200
    assert carried(mended, "Save as PDF") == data


def test_it_is_kept_by_change_and_replaced_by_another(client):
    page = press(client, send(client, saved(screen(), "PNG")), "Change what you wrote")
    data = carried(page, "Continue")
    assert data
    other = SimpleUploadedFile("x.png", saved(screen((50, 50)), "PNG"))
    form = page.form("Continue")
    replaced = Page(client.post(form.action, {**dict(form.pairs), "picture": other}))
    assert b64decode(carried(replaced, "Save as PDF")) == clean(saved(screen((50, 50)), "PNG"))


@pytest.mark.parametrize("where", ["review", "details"])
def test_remove_takes_it_away_and_leaves_the_rest(client, where):
    page = send(client, saved(screen(), "PNG"))
    if where == "details":
        page = press(client, page, "Change what you wrote")
    removed = press(client, page, "Remove the picture", {"remove-picture": "1"})
    assert removed.status == 200
    assert "picture-data" not in removed.html
    assert dict(removed.form("Save as PDF").pairs)["error-words"] == POSTED["error-words"]


def test_no_picture_is_asked_for_or_taken_where_the_data_may_be_somebody_elses(client):
    query = "&".join(f"{key}={value}" for key, value in WITHOUT_WORDS.pairs())
    assert Page(client.get(f"/triage/details/?{query}")).all("input[@type='file']") == []
    page = send(client, saved(screen(), "PNG"), WITHOUT_WORDS)
    assert page.status == 200
    assert "picture-data" not in page.html
    data = b64encode(clean(saved(screen(), "PNG"))).decode()
    made = post(client, "/packet/json/", [*WITHOUT_WORDS.pairs(), *POSTED.items(), ("picture-data", data)])
    assert json.loads(made.content)["picture"] == ""


@pytest.mark.parametrize("kind", ["moving PNG", "9000 x 9000", "half a PNG", "EPS", "PDF", "empty"])
def test_a_refused_picture_is_told_kindly_and_nothing_typed_is_lost(client, kind):
    page = send(client, HOSTILE[kind][0])
    assert page.status == 422
    (message,) = page.texts("div[@id='errors']//a")
    assert message.endswith("copy the words.")
    assert page.all("div[@id='errors']//a")[0].get("href") == "#id_picture"
    carried_on = dict(page.form("Continue").pairs)
    assert carried_on["name"] == POSTED["name"]
    assert [key for key, value in POSTED.items() if carried_on.get(key, value) != value.replace("\n", "\r\n")] in (
        [],
        ["what-happened"],
    )
    assert carried(page, "Continue") == ""


@pytest.mark.parametrize(
    "doctored", ["not base64!", "aGVsbG8=", "A", "=", "\u2603", b64encode(HOSTILE["20000 x 20000"][0]).decode()]
)
@pytest.mark.parametrize("url", ["/packet/pdf/", "/packet/json/", "/triage/details/"])
def test_a_doctored_picture_is_refused_kindly(client, url, doctored):
    address = f"{url}?symptom=other-message&for-whom=self"
    response = post(client, address, [*WITH_WORDS.pairs(), *POSTED.items(), ("picture-data", doctored)])
    assert response.status_code == (200 if url == "/triage/details/" else 422)
    page = Page(response)
    assert page.texts("div[@id='errors']//a")[0].endswith("copy the words.")
    assert carried(page, "Continue") == ""
    assert dict(page.form("Continue").pairs)["name"] == POSTED["name"]


def test_a_carried_picture_of_5_mb_is_refused(client):
    response = post(client, "/packet/pdf/", [*WITH_WORDS.pairs(), ("picture-data", "A" * 5_000_000)])
    assert response.status_code in (400, 413)
    assert "Traceback" not in response.content.decode()


def test_what_needs_no_picture_does_not_look_at_one(client, monkeypatch):
    def refused(*_):
        raise workers.BusyError

    monkeypatch.setattr(workers, "run", refused)
    data = b64encode(clean(saved(screen(), "PNG"))).decode()
    pairs = [*WITH_WORDS.pairs(), *POSTED.items(), ("picture-data", data)]
    assert post(client, "/packet/txt/", pairs).status_code == 200
    assert post(client, "/packet/call/", pairs).status_code == 200


@pytest.mark.parametrize("url", ["/packet/json/", "/packet/pdf/", "/triage/review/"])
def test_a_picture_that_comes_back_while_no_process_is_free_is_kept_for_the_next_try(client, monkeypatch, url):
    def refused(*_):
        raise workers.BusyError

    data = b64encode(clean(saved(screen(), "PNG"))).decode()
    pairs = [*WITH_WORDS.pairs(), *POSTED.items(), ("picture-data", data)]
    with monkeypatch.context() as busy:
        busy.setattr(workers, "run", refused)
        response = post(client, f"{url}?symptom=other-message&for-whom=self", pairs)
    page = Page(response)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert page.texts("div[@id='errors']//h2") == ["We cannot make your PDF now"]
    assert say("review.picture_waits") in page.text
    # Nobody has looked at it yet, so it is not shown.
    assert not page.all("img[@class='picture']")
    again = page.form("Save as PDF").pairs
    assert dict(again)["picture-data"] == data
    assert post(client, "/packet/json/", again).json()["picture"] == data


def test_what_is_too_large_to_be_carried_is_asked_for_again_instead(client, monkeypatch):
    """Every button of the page would send it, and more than a form may be."""

    def refused(*_):
        raise workers.BusyError

    monkeypatch.setattr(workers, "run", refused)
    pairs = [*WITH_WORDS.pairs(), *POSTED.items(), ("picture-data", b64encode(b"x" * 1_450_000).decode())]
    response = post(client, "/packet/json/?symptom=other-message&for-whom=self", pairs)
    page = Page(response)
    assert page.texts("div[@id='errors']//a") == [say("picture_errors.busy")]
    kept = dict(page.form("Continue").pairs)
    assert kept["name"] == POSTED["name"]
    assert "picture-data" not in kept


def test_a_new_picture_that_comes_while_no_process_is_free_is_asked_for_again(client, monkeypatch):
    def refused(*_):
        raise workers.BusyError

    monkeypatch.setattr(workers, "run", refused)
    picture = SimpleUploadedFile("a.png", saved(screen(), "PNG"), "image/png")
    data = {**dict(POSTED), "picture": picture}
    response = client.post("/triage/review/?symptom=other-message&for-whom=self", data)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    page = Page(response)
    assert page.texts("div[@id='errors']//a") == [say("picture_errors.busy")]
    assert dict(page.form("Continue").pairs)["name"] == POSTED["name"]


def test_no_file_is_written_on_the_way(client, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened_to_write = []

    def watch(event, arguments):
        if watching and event == "open" and any(sign in str(arguments[1]) for sign in "wax+"):
            opened_to_write.append(arguments[0])

    watching = True
    sys.addaudithook(watch)
    noise = saved(Image.effect_noise((1200, 1200), 99).convert("RGB"), "PNG")
    assert len(noise) > 1_000_000
    assert send(client, noise).status == 200
    watching = False
    assert opened_to_write == []
    assert list(tmp_path.iterdir()) == []
