"""Runs what could hang, burn or eat memory in warm processes that can be killed.

Drawing a PDF, decoding a picture and opening somebody's PDF are where hostile input could hold a server. They run in
a process of their own, with limits on time and memory; one that breaks a limit is killed and replaced. A few requests
may wait for it, and more are turned away at once: the pages that need none of this must stay quick.
"""

import logging
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from triage import pdf

# Seconds for one task. The longest honest packet takes about one.
SECONDS = 4.0
# Bytes of address space. WeasyPrint with a picture needs about a third of it.
MEMORY = 1024 * 1024 * 1024
# How many requests of one server process may be in here, the one at work counted. The last one waits for
# PLACES x SECONDS at the most. Fewer than the process has threads (deploy/gunicorn.conf.py): pages need one too.
PLACES = 3
# A process is replaced after so many tasks, so that leaks in native libraries stay small.
TASKS = 500

Result = TypeVar("Result")

_places = threading.BoundedSemaphore(PLACES)
_one_at_a_time = threading.Lock()


class BusyError(Exception):
    """Too many requests are waiting already. Trying again in a few seconds will do."""


class LimitError(Exception):
    """The task broke a limit (the argument says which) and was ended."""


def run(task: Callable[..., Result], *arguments: object) -> Result:
    """What `task(*arguments)` returns, worked out in another process. An exception that it raises is raised here.

    Raises BusyError and LimitError.
    """
    if not _places.acquire(blocking=False):
        raise BusyError
    try:
        return _pool().schedule(task, args=arguments, timeout=SECONDS).result()  # type: ignore[no-any-return]
    except TookTooLong:
        raise LimitError("time") from None
    except (MemoryError, ProcessExpired, BrokenProcessPool):
        # A native library that cannot get memory ends the process.
        raise LimitError("memory") from None
    finally:
        _places.release()


def warm_up() -> None:
    """Starts the process and has it find its fonts, so that the first patient need not wait for that."""
    _pool().schedule(pdf.warm_up)


def _pool() -> ProcessPool:
    """The pool. Pebble gives one up for good when its process is killed while it has nothing to do."""
    with _one_at_a_time:
        if not _new_pool().active:
            _new_pool.cache_clear()
        return _new_pool()


@lru_cache(maxsize=1)
def _new_pool() -> ProcessPool:
    """One process for each server process, forked from a small server that has no threads for a fork to break."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["triage.pdf", "triage.picture", "triage.attached"])
    return ProcessPool(max_workers=1, max_tasks=TASKS, initializer=_limit, context=context)


def _limit() -> None:
    # A library may quote what it was given, and there is no private formatter here.
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # It may write no file, and leave no memory image behind.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
