"""The figures of `make storm` are those of people who come when they come, not of a queue that waits for the server."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import pytest

from trials.arrivals import Answer, Ask, Crowd, Site, Visit, percentile, poisson, seeded
from trials.plain.visitors import PlainAsked
from trials.visitors import Asked

PAGE = Ask("help", "/")
FORM = Ask("packet", "/packet/pdf/", b"name=Maria", "application/x-www-form-urlencoded", kept=(b"Maria",))

# What a server does with the bytes of one request, and when: seconds since the first one.
Reply = Callable[[bytes, float], Awaitable[bytes]]


def in_a_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a thread, since the one of the tests may have a loop already: Playwright leaves its own running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


class Server:
    """A real one on loopback, whose answers a test decides. `came` has when each request was there in full."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.came: list[float] = []

    async def offered(self, visits: list[Visit], **how) -> list[Answer]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.crowd = Crowd(Site(server.sockets[0].getsockname()[1]), **how)
            return await self.crowd.come(visits)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(EOFError, OSError, asyncio.CancelledError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                request += await reader.readexactly(len(FORM.body) if request.startswith(b"POST") else 0)
                self.came.append(self.crowd.now())
                writer.write(await self.reply(request, self.came[-1]))


def answer(status: int = 200, body: bytes = b"Good", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def every(seconds: float, count: int, ask: Ask = PAGE) -> list[Visit]:
    return [Visit(number * seconds, ((0.0, ask),)) for number in range(count)]


async def stalls(request: bytes, now: float) -> bytes:
    """Answers at once, but for 0.8 s in the middle, when nobody gets an answer."""
    await asyncio.sleep(max(0.0, 1 - now) if now >= 0.2 else 0)
    return answer()


@pytest.fixture(scope="module")
def stalled() -> tuple[Server, list[Answer]]:
    """A server that was offered 100 requests a second for 1.2 s, and stalled from 0.2 to 1 s."""
    server = Server(stalls)
    return server, in_a_loop(server.offered(every(0.01, 120)))


def test_a_server_that_stalls_is_asked_no_less(stalled):
    server, answers = stalled
    assert len([came for came in server.came if 0.2 <= came < 1]) > 70
    assert Counter(answer.outcome for answer in answers) == {"well": 120}


def test_seconds_count_from_when_a_request_was_due_so_that_a_stall_shows(stalled):
    _, answers = stalled
    # Those who came while it stalled waited for half of that on average. A closed loop would know of one.
    waited = [answer.seconds for answer in answers if 0.2 <= answer.due < 1]
    assert 0.35 < sum(waited) / len(waited) < 0.8
    assert percentile([answer.seconds for answer in answers], 0.95) > 0.5


def test_where_the_generator_itself_is_late_that_counts_too():
    async def holds_everything(request: bytes, now: float) -> bytes:
        if b"/hold" in request:
            time.sleep(0.4)  # in the generator's own loop
        return answer()

    visits = [*every(0, 1, Ask("help", "/hold")), *(Visit(0.1, visit.asks) for visit in every(0, 5))]
    _held, *others = in_a_loop(Server(holds_everything).offered(visits))
    assert min(answer.seconds for answer in others) > 0.2
    assert min(answer.woke - answer.due for answer in others) > 0.2


def test_who_waits_for_a_socket_waits_in_the_figures():
    async def slow(request: bytes, now: float) -> bytes:
        await asyncio.sleep(0.3)
        return answer()

    answers = in_a_loop(Server(slow).offered(every(0.0, 4), most_sockets=1))
    assert sorted(round(answer.seconds / 0.3) for answer in answers) == [1, 2, 3, 4]


def test_a_visitor_keeps_the_connection_and_opens_another_only_where_it_is_taken():
    async def slow_at_first(request: bytes, now: float) -> bytes:
        await asyncio.sleep(0.3 if b"/slow" in request else 0)
        return answer()

    slow, quick = Ask("help", "/slow"), PAGE
    server = Server(slow_at_first)
    answers = in_a_loop(server.offered([Visit(0, ((0.0, quick), (0.1, quick), (0.2, slow), (0.3, quick)))]))
    assert server.crowd.connections == 2
    assert [answer.seconds > 0.2 for answer in answers] == [False, False, False, True]


@pytest.mark.parametrize(("second", "outcome"), [(b"", "well"), (answer()[:-2], "failed")], ids=["closed", "cut"])
def test_a_connection_that_the_server_has_just_closed_is_opened_again(second, outcome):
    class AnswersOnce(Server):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer())
                await reader.readuntil(b"\r\n\r\n")
                writer.write(second)

    answers = in_a_loop(AnswersOnce(stalls).offered([Visit(0, ((0.0, PAGE), (0.1, PAGE)))]))
    assert [answer.outcome for answer in answers] == ["well", outcome]


def test_who_is_refused_asks_again_when_told_to_and_counts_once():
    async def busy_at_first(request: bytes, now: float) -> bytes:
        return answer(503, b"Maria, try again", "Retry-After: 1\r\n") if now < 0.9 else answer()

    first, second = in_a_loop(Server(busy_at_first).offered(every(0, 1, FORM), attempts=3))
    assert [first.outcome, second.outcome] == ["refused", "well"]
    assert second.due == pytest.approx(first.done + 1)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(200), "well"),
        (answer(302, b""), "well"),
        (b"HTTP/1.1 503 -\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nMa\r\n3\r\nria\r\n0\r\n\r\n", "refused"),
        (answer(503, b"Maria, try again"), "refused"),
        (answer(503, b"Try again"), "failed"),
        (answer(422, b"Maria, mend this"), "failed"),
        (answer(500, b"Maria"), "failed"),
        (answer(404, b"Maria"), "failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHalf of it", "failed"),
        (b"", "failed"),
    ],
    ids=[
        "200",
        "302",
        "503 in chunks",
        "503 that keeps",
        "503 that loses",
        "422",
        "500",
        "404",
        "broken off",
        "nothing",
    ],
)
def test_a_refusal_that_loses_what_was_typed_is_a_failure(said, outcome):
    class OneAnswer(Server):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer):
                await reader.readexactly(20)
                writer.write(said)

    server = OneAnswer(stalls)
    (came,) = in_a_loop(server.offered(every(0, 1, FORM)))
    assert (came.outcome, server.crowd.connections) == (outcome, 1)


def test_what_is_never_answered_fails_when_patience_ends():
    async def silent(request: bytes, now: float) -> bytes:
        await asyncio.sleep(1)
        return answer()

    (came,) = in_a_loop(Server(silent).offered(every(0, 1), patience=0.2))
    assert (came.outcome, came.trouble) == ("failed", "TimeoutError")


def test_a_percentile_is_a_value_that_was_measured():
    assert [percentile(range(1, 101), share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.99) == 7.0


def test_people_come_at_random_at_the_rate_that_was_asked_for():
    times = list(poisson(seeded(1), 100, 100, start=50))
    assert times == sorted(times)
    assert 50 < times[0] < times[-1] < 150
    assert len(times) == pytest.approx(10_000, rel=0.05)
    # Of a Poisson process, the gaps spread as widely as they are long.
    gaps = [after - before for before, after in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    assert sum((gap - mean) ** 2 for gap in gaps) / len(gaps) == pytest.approx(mean**2, rel=0.1)


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked()


@pytest.mark.usefixtures("static_files")
@pytest.mark.parametrize("site", [Asked, PlainAsked], ids=["ours", "plain"])
def test_of_100_requests_80_are_help_15_are_the_way_and_5_are_packets(site):
    asked = site()
    visits = list(asked.visits(seeded(1), 200, 100))
    kinds = Counter(ask.kind for visit in visits for _, ask in visit.asks if ask.kind != "file")
    assert kinds["help"] / kinds.total() == pytest.approx(0.80, abs=0.01)
    assert (kinds["triage"] + kinds["review"] + kinds["picture"]) / kinds.total() == pytest.approx(0.15, abs=0.01)
    assert kinds["packet"] / kinds.total() == pytest.approx(0.05, abs=0.01)
    assert kinds.total() / 100 == pytest.approx(200, rel=0.05)
    assert visits == list(asked.visits(seeded(1), 200, 100))


@pytest.mark.usefixtures("static_files", "fact_sheet")
def test_all_that_visitors_ask_is_there(asked, client):
    """Without pictures and PDFs, which other tests make."""
    requests = [request for language in asked.languages.values() for request in language.requests[::5]]
    asks = [ask for language in asked.languages.values() for ask in language.help]
    asks += [ask for request in requests for ask in (*request.way, request.review)] + [*asked.files, *asked.paper]
    for ask in asks:
        got = client.post(ask.path, ask.body, content_type=ask.content_type) if ask.body else client.get(ask.path)
        assert got.status_code == 200, ask.path
        assert all(words in got.content for words in ask.kept)
        got.close()
