"""A few things that are expensive to make, kept until others are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Thing = TypeVar("Thing")


class Kept(Generic[Thing]):
    """The `size` things that were asked for last; each is made once, by whoever asks first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, Future[Thing]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """Return a thing, made now if it is not there. Raises what `make` raises."""
        with self._lock:
            thing = self._things.get(key)
            is_new = thing is None
            if thing is None:
                thing = self._things[key] = Future()
            self._things.move_to_end(key)
            while len(self._things) > self._size:
                self._things.popitem(last=False)
        if is_new:
            self._make(key, thing, make)
        return thing.result()

    def _make(self, key: Hashable, thing: Future[Thing], make: Callable[[], Thing]) -> None:
        try:
            thing.set_result(make())
        except BaseException as error:
            with self._lock:
                self._things.pop(key, None)
            thing.set_exception(error)
            raise
