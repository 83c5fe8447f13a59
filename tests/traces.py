"""Where something could stay of what passed through: files, also those soon gone, processes, and PDFs."""

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, PdfObject, StreamObject

# A memory image of a process is longer than anything else.
LONGEST = 2 * 1024 * 1024 * 1024


class Written:
    """Notes every file that is made or written in some folders, however soon it is gone again."""

    def __init__(self, folders: Iterable[Path]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._events = libc.inotify_init1(os.O_NONBLOCK)
        self._folders = {}
        for folder in folders:
            # IN_CREATE, IN_MOVED_TO, IN_CLOSE_WRITE, and IN_MODIFY, which even a file without a name has.
            number = libc.inotify_add_watch(self._events, os.fsencode(folder), 0x100 | 0x80 | 0x8 | 0x2)
            assert number > 0, f"cannot watch {folder}"
            self._folders[number] = folder

    def files(self) -> set[Path]:
        """All since the last time."""
        found = set()
        events = b"".join(iter(self._read, b""))
        place = 0
        while place < len(events):
            number, _, _, length = struct.unpack_from("iIII", events, place)
            assert number in self._folders, "too many events at once: some were lost"
            place += 16 + length
            found.add(self._folders[number] / os.fsdecode(events[place - length : place].rstrip(b"\0")))
        return found

    def _read(self) -> bytes:
        try:
            return os.read(self._events, 1024 * 1024)
        except BlockingIOError:
            return b""


def files_newer_than(moment: float, folders: Iterable[Path]) -> Iterator[Path]:
    """Every file in the folders and below them that was written to since. Folders that are gone are left out."""
    waiting = [os.fspath(folder) for folder in folders]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and entry.stat().st_mtime >= moment - 1:
                    yield Path(entry.path)
            except OSError:
                continue


def content(file: Path) -> bytes:
    """What is in the file; nothing where it is gone, or is none of ours."""
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST)
    except OSError:
        return b""


def told_of(process: int) -> dict[str, bytes]:
    """What the system tells of a process: its name, its command line, its environment."""
    files = [Path(f"/proc/{process}/{name}") for name in ("comm", "cmdline", "environ")]
    return {str(file): content(file) for file in files}


def held_by(process: int) -> dict[str, bytes]:
    """Every file that a process holds open and that is in no folder: it has no name any more, or never had one."""
    found = {}
    for link in Path(f"/proc/{process}/fd").glob("*"):
        try:
            name = link.readlink()
            if link.is_file() and not name.exists():
                found[f"{name} of process {process}"] = content(link)
        except OSError:
            continue
    return found


def about(pdf: bytes) -> bytes:
    """All words about a PDF that are not the document: the Info dictionary, XMP, the names of files enclosed."""
    reader = PdfReader(BytesIO(pdf))
    root = reader.trailer["/Root"]
    parts = [reader.trailer.get("/Info"), root.get("/Metadata"), root.get("/AF"), root["/Names"]["/EmbeddedFiles"]]
    return b"\n".join(word for part in parts for word in _words(part, set()))


def whole(pdf: bytes) -> bytes:
    """All that is in a PDF, with every stream unfolded."""
    reader = PdfReader(BytesIO(pdf))
    numbers = [number for table in reader.xref.values() for number in table] + list(reader.xref_objStm)
    seen: set[int] = set()
    return b"\n".join(word for number in numbers for word in _words(IndirectObject(number, 0, reader), seen, "all"))


def _words(part: PdfObject | None, seen: set[int], of: str = "about") -> Iterator[bytes]:
    if isinstance(part, IndirectObject):
        if part.idnum in seen:
            return
        seen.add(part.idnum)
        part = part.get_object()
    if isinstance(part, StreamObject) and (of == "all" or part.get("/Type") != "/EmbeddedFile"):
        yield part.get_data()
    if isinstance(part, DictionaryObject):
        for key, value in part.items():
            yield key.encode()
            yield from _words(value, seen, of)
    elif isinstance(part, list):
        for value in part:
            yield from _words(value, seen, of)
    elif part is not None:
        yield getattr(part, "original_bytes", None) or str(part).encode()
