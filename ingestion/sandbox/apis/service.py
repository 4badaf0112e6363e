"""A stand-in's application served over HTTP, on loopback only."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

_HOST = "127.0.0.1"
_PATIENCE = 10  # seconds until it must be there


@contextmanager
def served(application: Starlette, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the block runs, and give the address: `http://127.0.0.1:<port>`.

    Port 0 is any that is free. There is no Date header but the application's own, which tells the
    company's time. Raises RuntimeError if the port is taken.
    """
    config = uvicorn.Config(
        application,
        host=_HOST,
        port=port,
        log_level="critical",
        lifespan="off",
        access_log=False,
        date_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="stand-in", daemon=True)
    thread.start()
    try:
        yield f"http://{_HOST}:{_port(server, thread, port)}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()


def _port(server: uvicorn.Server, thread: threading.Thread, asked: int) -> int:
    until = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError(f"cannot serve on {_HOST}:{asked}: the port is taken")
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
