"""A server that does nothing: what a load measures with it is what the generator and the machine take themselves."""

from __future__ import annotations

import asyncio
import socket
import time

from tests.benchmarks.service.load import header

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
"""What it says to everything."""


def serve(port: int) -> None:
    """Answer requests until the process is killed."""
    asyncio.run(_serve(port))


def wait_for(port: int) -> None:
    """Wait until somebody listens at a port.

    Raises:
        RuntimeError: nobody does.
    """
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server that does nothing does not even listen")


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port)
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(header(head, b"content-length") or 0))
            writer.write(ANSWER)
    except (EOFError, OSError):
        writer.close()
