"""Clients that no library would be: bytes as they are on a connection, and crowds that dawdle."""

import asyncio
import contextlib
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@dataclass
class Said:
    """What came back on one connection, and after how many seconds it began."""

    content: bytes = b""
    seconds: float = 0.0

    @property
    def statuses(self) -> list[int]:
        """Of each answer, in order; none where the other side hung up."""
        return [int(status) for status in STATUS.findall(self.content)]


def talk(address: str, sent: Iterable[bytes], context: ssl.SSLContext | None = None, wait: float = 2) -> Said:
    """Sends these bytes, and gives what comes back until the other side closes, or is silent for `wait` seconds.

    Sending goes on while an answer comes, as with a browser, and ends where the other side listens no more.
    """
    place = urlsplit(address)
    connection = socket.create_connection(("127.0.0.1", place.port), timeout=10)
    connection = context.wrap_socket(connection, server_hostname=place.hostname) if context else connection
    connection.settimeout(wait)
    said, start = Said(), time.perf_counter()
    sender = threading.Thread(target=_send, args=(connection, sent))
    sender.start()
    with contextlib.suppress(OSError), connection:
        while part := _received(connection, sender):
            said.seconds = said.seconds or time.perf_counter() - start
            said.content += part
    sender.join()
    return said


def _send(connection: socket.socket, parts: Iterable[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for part in parts:
            connection.sendall(part)


def _received(connection: socket.socket, sender: threading.Thread) -> bytes:
    """What comes next; nothing where nothing does, though all was sent."""
    while True:
        try:
            return connection.recv(64 * 1024)
        except TimeoutError:
            if not sender.is_alive():
                return b""


# ---- slow clients ----

Dawdle = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


async def send_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """These headers, then one more a second, and never the last."""
    await _drip(reader, writer, head, b"X-Slow: 1\r\n")


async def send_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """These headers, then one byte of the body a second."""
    await _drip(reader, writer, head + b"\r\n", b"x")


async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """This request twenty times at once, then fifty bytes a second of the answers."""
    writer.write((head + b"\r\n") * 20)
    while await reader.read(50):
        await asyncio.sleep(1)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, drop: bytes) -> None:
    writer.write(head)
    while True:
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            # An answer, or the end: this one was found out.
            await asyncio.wait_for(reader.read(1000), timeout=1)
            return
        writer.write(drop)


SLOWLY: dict[str, Dawdle] = {"headers": send_headers, "body": send_body, "read": read}


class Crowd:
    """Slow clients in a process of their own, so that they slow nobody but the server."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.open = self.most = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        for line in self._process.stdout:
            self.open = int(line)
            self.most = max(self.most, self.open)


@contextmanager
def crowd(
    slowly: str, count: int, address: str, head: bytes, spread: bool = True, certificate: Path | None = None
) -> Iterator[Crowd]:
    """So many connections at once that dawdle in one of the ways of SLOWLY. One that is closed comes again.

    spread  each comes from an address of its own, as visitors do; else all from 127.0.0.1, as a proxy does
    """
    words = [sys.executable, "-m", "trials.raw", slowly, str(count), address, head.hex(), str(int(spread))]
    words.append(str(certificate or ""))
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            slow, until = Crowd(process), time.monotonic() + 10
            while slow.open < count and time.monotonic() < until:
                time.sleep(0.05)
            yield slow
        finally:
            process.kill()


async def _come(slowly: str, count: str, address: str, head: str, spread: str, certificate: str) -> None:
    context = ssl.create_default_context(cafile=certificate) if certificate else None
    come = _Coming(SLOWLY[slowly], address, bytes.fromhex(head), spread == "1", context)
    async with asyncio.TaskGroup() as group:
        for number in range(int(count)):
            group.create_task(come.again_and_again(number))
        while True:
            print(come.open, flush=True)
            await asyncio.sleep(0.1)


@dataclass
class _Coming:
    dawdle: Dawdle
    address: str
    head: bytes
    spread: bool
    context: ssl.SSLContext | None
    open: int = 0

    async def again_and_again(self, number: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._once(number)
            await asyncio.sleep(2)

    async def _once(self, number: int) -> None:
        place = urlsplit(self.address)
        connection = socket.socket()
        # A small window: what is not read must soon wait at the server.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)  # noqa: FBT003
        connection.bind((f"127.8.{1 + number // 250}.{1 + number % 250}" if self.spread else "127.0.0.1", 0))
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", place.port))
        secure = {"ssl": self.context, "server_hostname": place.hostname} if self.context else {}
        reader, writer = await asyncio.open_connection(sock=connection, limit=4096, **secure)
        self.open += 1
        try:
            await self.dawdle(reader, writer, self.head)
        finally:
            self.open -= 1
            writer.transport.abort()


if __name__ == "__main__":
    asyncio.run(_come(*sys.argv[1:]))
