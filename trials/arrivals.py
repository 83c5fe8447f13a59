"""Visitors who come at the times of a plan, whatever the server does: an open loop.

A closed loop asks again when it has its answer. So it slows down with the server that it measures, asks least where the
server is slowest, and its figures leave out those who would have waited (coordinated omission). Here every request has
its time before the first one is sent, is sent then however many are still without an answer, and its seconds count from
that time: what it waited for a socket, for a connection and for the generator itself is in them.
"""

import asyncio
import math
import ssl
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

# Seconds after which a visitor who was refused asks again, where the refusal does not say.
AGAIN = 5.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; a POST where it has a body.

    kept   what a refusal has to give back, so that nobody types it or looks for it again
    """

    kind: str
    path: str
    body: bytes = b""
    content_type: str = ""
    kept: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visitor asks, on a connection of its own. `at` is in seconds of the plan, `asks` in seconds after it."""

    at: float
    asks: tuple[tuple[float, Ask], ...]


@dataclass(slots=True)
class Answer:
    """What came of one request. Times are seconds of the plan. `trouble` names what broke, if anything did."""

    ask: Ask
    visit: int
    due: float
    attempt: int = 0
    woke: float = 0.0
    done: float = 0.0
    status: int = 0
    size: int = 0
    kept: bool = False
    retry_after: float = AGAIN
    trouble: str = ""

    @property
    def seconds(self) -> float:
        """From when it was due to the last byte of the answer."""
        return self.done - self.due

    @property
    def outcome(self) -> str:
        """`well`; `refused`, where nothing typed is lost; or `failed`."""
        if not self.trouble and 200 <= self.status < 400:
            return "well"
        return "refused" if self.status == 503 and self.kept else "failed"


@dataclass(frozen=True)
class Site:
    """Where to. `name` is the host in the request; `headers` go with each; `spread` gives each visitor an address.

    One loopback address a visitor (127.x.y.z), since a limit that goes by address would take them all for one.
    """

    port: int
    tls: ssl.SSLContext | None = None
    name: str = "localhost"
    headers: str = ""
    spread: bool = True

    def words(self, ask: Ask) -> bytes:
        """The request as it goes over the wire."""
        lines = [
            f"{'POST' if ask.body else 'GET'} {ask.path} HTTP/1.1",
            f"Host: {self.name}",
            "User-Agent: Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36",
            "Accept: text/html,*/*",
            "Accept-Language: en-US,en;q=0.9",
            "Accept-Encoding: gzip",
        ]
        if ask.body:
            lines += [f"Content-Type: {ask.content_type}", f"Content-Length: {len(ask.body)}"]
        return "\r\n".join([*lines, self.headers + "\r\n"]).encode() + ask.body


# Status, headers and body.
Said = tuple[int, dict[bytes, bytes], bytes]


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        # Answers that came in full, and whether of the one under way anything came.
        self.answers, self.began = 0, False

    async def ask(self, words: bytes) -> Said:
        """The answer. Raises OSError, EOFError and ValueError where there is none."""
        self.began = False
        self.writer.write(words)
        await self.writer.drain()
        self.began = bool(first_byte := await self.reader.read(1))
        first, *lines = (first_byte + await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        body = await self._body(headers)
        self.answers += 1
        return int(first[9:12]), headers, body

    async def _body(self, headers: dict[bytes, bytes]) -> bytes:
        if headers.get(b"transfer-encoding") != b"chunked":
            return await self.reader.readexactly(int(headers.get(b"content-length", 0)))
        parts = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return b"".join(parts)

    @property
    def usable(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())


class _Visitor:
    """Keeps its connection open between requests, and opens another where the first still waits, as browsers do."""

    def __init__(self, crowd: "Crowd", number: int) -> None:
        self.crowd = crowd
        self.address = f"127.{1 + number // 62500 % 250}.{1 + number // 250 % 250}.{1 + number % 250}"
        self.idle: list[_Connection] = []

    async def ask(self, words: bytes) -> Said:
        """The answer. Raises what _Connection.ask raises."""
        connection = self._idle() or await self._new()
        try:
            return await self._said(connection, words)
        except (ConnectionError, EOFError):
            if not connection.answers or connection.began:
                raise
            # It lay idle, and the server closed it at this very moment. A browser opens another, too.
            return await self._said(await self._new(), words)

    async def _said(self, connection: _Connection, words: bytes) -> Said:
        try:
            said = await connection.ask(words)
        except BaseException:
            self.close(connection)
            raise
        if said[1].get(b"connection") == b"close":
            self.close(connection)
        else:
            self.idle.append(connection)
        return said

    def _idle(self) -> _Connection | None:
        while self.idle:
            if (connection := self.idle.pop()).usable:
                return connection
            self.close(connection)
        return None

    async def _new(self) -> _Connection:
        site = self.crowd.site
        await self.crowd.sockets.acquire()
        try:
            streams = await asyncio.open_connection(
                "127.0.0.1",
                site.port,
                ssl=site.tls,
                server_hostname=site.name if site.tls else None,
                local_addr=(self.address, 0) if site.spread else None,
            )
        except BaseException:
            self.crowd.sockets.release()
            raise
        self.crowd.connections += 1
        return _Connection(*streams)

    def close(self, connection: _Connection) -> None:
        connection.writer.close()
        self.crowd.sockets.release()

    def leave(self) -> None:
        while self.idle:
            self.close(self.idle.pop())


@dataclass
class Crowd:
    """Brings visitors to a site. A request that gets no whole answer within `patience` seconds has failed.

    One that is refused is asked again, `attempts` times in all, after as many seconds as the refusal said.
    At most `most_sockets` are open at once; who finds none free waits, and that counts.
    """

    site: Site
    most_sockets: int = 2000
    patience: float = 30.0
    attempts: int = 1
    answers: list[Answer] = field(default_factory=list)
    connections: int = 0

    async def come(self, visits: Iterable[Visit]) -> list[Answer]:
        """The answers, when the last of them is there. The visits come in the order of their times."""
        self.sockets = asyncio.Semaphore(self.most_sockets)
        self.began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for number, visit in enumerate(visits):
                await self._until(visit.at)
                group.create_task(self._visit(number, visit))
        return self.answers

    def now(self) -> float:
        """Seconds of the plan."""
        return asyncio.get_running_loop().time() - self.began

    async def _until(self, at: float) -> None:
        if (left := at - self.now()) > 0:
            await asyncio.sleep(left)

    async def _visit(self, number: int, visit: Visit) -> None:
        visitor = _Visitor(self, number)
        try:
            await asyncio.gather(*(self._ask(visitor, number, visit.at + after, ask) for after, ask in visit.asks))
        finally:
            visitor.leave()

    async def _ask(self, visitor: _Visitor, number: int, due: float, ask: Ask) -> None:
        for attempt in range(self.attempts):
            await self._until(due)
            answer = Answer(ask, number, due, attempt, woke=self.now())
            await self._answer(visitor, answer)
            answer.done = self.now()
            self.answers.append(answer)
            if answer.outcome != "refused":
                return
            due = answer.done + answer.retry_after

    async def _answer(self, visitor: _Visitor, answer: Answer) -> None:
        try:
            async with asyncio.timeout(self.patience):
                answer.status, headers, body = await visitor.ask(self.site.words(answer.ask))
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            answer.trouble = type(error).__name__
            return
        answer.size = len(body)
        answer.kept = bool(answer.ask.kept) and all(words in body for words in answer.ask.kept)
        answer.retry_after = float(headers.get(b"retry-after", AGAIN))


def seeded(seed: int) -> Random:
    """Chance that comes the same way each time."""
    return Random(seed)  # noqa: S311 (no secret)


def poisson(random: Random, rate: float, seconds: float, start: float = 0.0) -> Iterator[float]:
    """Times at which people come who do not know of each other, `rate` a second on average."""
    at = start
    while (at := at + random.expovariate(rate)) < start + seconds:
        yield at


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least this share of the values do not pass; not a number where there are none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan
