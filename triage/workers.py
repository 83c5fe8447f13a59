"""Runs what could hang, burn or eat memory in warm processes that can be killed.

Drawing a PDF, decoding a picture and opening somebody's PDF are where hostile input could hold a server. They run in
a process of their own, with limits on time and memory; one that breaks a limit is killed and replaced. A few requests
may wait for it, and more are turned away at once: the pages that need none of this must stay quick.
"""

import logging
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from triage import counts, limits, pdf

# Seconds for one task. The longest honest packet takes about one.
SECONDS = 4.0
# How many requests of one server process may be in here, the one at work counted. The last one waits for
# PLACES x SECONDS at the most. Fewer than the process has threads (deploy/gunicorn.conf.py): pages need one too.
PLACES = 3
# Seconds for the start of a process, on top of those.
GRACE = 4.0
# A process is replaced after so many tasks, so that leaks in native libraries stay small.
TASKS = 500

Result = TypeVar("Result")

_one_at_a_time = threading.Lock()
_log = logging.getLogger("wayin.workers")


class BusyError(Exception):
    """Too many requests are waiting already. Trying again in a few seconds will do."""


class LimitError(Exception):
    """The task broke a limit (the argument says which) and was ended."""


class _Places:
    """The requests that are in here now."""

    def __init__(self) -> None:
        self.taken = 0
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Takes a place and gives it back. Raises BusyError where none is free."""
        with self._lock:
            if self.taken >= PLACES:
                raise BusyError
            self.taken += 1
        try:
            yield
        finally:
            with self._lock:
                self.taken -= 1


_places = _Places()
counts.PLACES_TAKEN.set_function(lambda: _places.taken)


def run(task: Callable[..., Result], *arguments: object) -> Result:
    """What `task(*arguments)` returns, worked out in another process. An exception that it raises is raised here.

    Raises BusyError and LimitError.
    """
    with _counted(task.__name__), _places.one():
        return _result(task, *arguments)


def _result(task: Callable[..., Result], *arguments: object) -> Result:
    try:
        pool = _pool()
        future = pool.schedule(task, args=arguments, timeout=SECONDS)
        try:
            return future.result(PLACES * SECONDS + GRACE)  # type: ignore[no-any-return]
        except TookTooLong:
            # Pebble counts from when the process takes a task. One that never does is stuck, and would be for good.
            if not future.done():
                _give_up(pool)
            raise LimitError("time") from None
        except (TypeError, OSError):
            # Another request gave the pool up while this task was on its way: its pipe has no other end any more.
            if pool is _new_pool():
                raise
            raise LimitError("time") from None
    except (MemoryError, ProcessExpired, BrokenProcessPool):
        # A native library that cannot get memory ends the process.
        raise LimitError("memory") from None


def warm_up(samples: Iterable[tuple[object, ...]]) -> None:
    """Starts the process and has it draw these, each what pdf.render wants: the first patient need not wait for that.

    A generator makes them while the process starts. Where it does not start, the first task tries again: pages come
    before papers.
    """
    with suppress(BrokenProcessPool):
        pool = _pool()
        for sample in samples:
            pool.schedule(pdf.render, args=sample, timeout=SECONDS)
        # Last, so that what the samples left is put aside too.
        pool.schedule(pdf.warm_up)


def answers() -> bool:
    """Whether the process is there. Where it is at work it is: a task that hangs is ended soon."""
    try:
        return bool(_places.taken) or _result(pdf.warm_up) is None
    except LimitError:
        return False


@contextmanager
def _counted(task: str) -> Iterator[None]:
    """Counts a task, how it ended and how long it took."""
    began = time.perf_counter()
    outcome = "done"
    try:
        yield
    except BusyError:
        outcome = "busy"
        raise
    except LimitError as error:
        outcome = str(error)
        _log.warning("%s broke its limit: %s", task, outcome)
        raise
    except Exception:
        outcome = "refused"
        raise
    finally:
        counts.TASKS.labels(task, outcome).inc()
        counts.TASK_SECONDS.labels(task).observe(time.perf_counter() - began)


def _pool() -> ProcessPool:
    """The pool. Pebble gives one up for good when its process is killed while it has nothing to do.

    Raises BrokenProcessPool where the process cannot be started now.
    """
    with _one_at_a_time:
        pool = _new_pool()
        if not _is_active(pool):
            _replace(pool)
        return _new_pool()


def _give_up(pool: ProcessPool) -> None:
    with _one_at_a_time:
        if pool is _new_pool():
            _replace(pool)


def _replace(pool: ProcessPool) -> None:
    """Has the next task find a new pool, and ends this one aside: that may take a while."""
    _new_pool.cache_clear()
    threading.Thread(target=_end, args=(pool,), daemon=True).start()


def _end(pool: ProcessPool) -> None:
    with suppress(BrokenProcessPool, RuntimeError, OSError):
        pool.stop()
        pool.join()


def _is_active(pool: ProcessPool) -> bool:
    try:
        return bool(pool.active)
    except BrokenProcessPool:
        return False


@lru_cache(maxsize=1)
def _new_pool() -> ProcessPool:
    """One process for each server process, forked from a small server that has no threads for a fork to break."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["triage.limits", "triage.typesetter", "triage.picture", "triage.attached"])
    return ProcessPool(max_workers=1, max_tasks=TASKS, initializer=limits.apply, context=context)
