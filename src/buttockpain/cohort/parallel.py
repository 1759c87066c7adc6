"""Work on several processors: whole slices in parallel, in order, with few of them in memory at once."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

from buttockpain.errors import MissingExtraError

__all__ = ["OneBlasThread", "in_order", "processors"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class OneBlasThread:
    """While anyone is inside, the linear algebra library keeps to one thread.

    The matrices of a block are small: threads of the library would wait for each other more than they compute, and
    the processors are already busy with other blocks. The setting belongs to the process, so the first one in makes
    it and the last one out restores it, whoever of all that are made.

    Raises
    ------
    MissingExtraError : `threadpoolctl` is not installed.
    """

    _lock = threading.Lock()
    _inside = 0
    _limit: AbstractContextManager[Any] | None = None

    def __init__(self) -> None:
        try:
            from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - optional
        except ImportError:
            raise MissingExtraError("threadpoolctl", "cohort") from None
        self._controller = ThreadpoolController()

    def __enter__(self) -> None:
        """Limit the library if nobody else has."""
        process = OneBlasThread
        with process._lock:
            if process._inside == 0:
                process._limit = self._controller.limit(limits=1, user_api="blas")
                process._limit.__enter__()
            process._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore what was before if nobody else is inside."""
        process = OneBlasThread
        with process._lock:
            process._inside -= 1
            if process._inside == 0 and process._limit is not None:
                process._limit.__exit__(None, None, None)


def in_order(call: Callable[[Item], Result], items: Iterable[Item], *, threads: int, ahead: int) -> Iterator[Result]:
    """Yield the results of a call in the order of the items, computed in parallel.

    Parameters
    ----------
    threads : workers; with one, nothing runs in parallel and nothing is read ahead.
    ahead : how many results may wait or be under way at once.
    """
    if threads == 1:
        yield from map(call, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="buttockpain") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # on an error, or when the caller wants no more
            for future in waiting:
                future.cancel()
