"""A TAK server's wire with somebody else's client behind it: pytak reads what a node sends, takproto understands it.

    python tak_peer.py FOLDER PORT

The server's part passes bytes on, from whoever shows a certificate of the folder's authority to the pytak client; it
understands nothing. Each event that pytak took off the wire is printed as one line of JSON.
"""

from __future__ import annotations

import asyncio
import configparser
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import pytak
from takproto.functions import xml2message


class Printing(pytak.RXWorker):  # type: ignore[misc, name-defined]
    """Prints each event that takproto can read."""

    async def put_queue(self, data: bytes, queue_arg: Any = None) -> None:
        message = xml2message(data.decode()).cotEvent
        said = {
            "uid": message.uid,
            "type": message.type,
            "lat": message.lat,
            "lon": message.lon,
            "seconds": (message.staleTime - message.sendTime) / 1000,
            "callsign": message.detail.contact.callsign,
            "xml": message.detail.xmlDetail,
        }
        print(json.dumps(said), flush=True)


async def serve(folder: Path, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "authority.pem")
    context.load_cert_chain(folder / "server.pem")
    writers: list[asyncio.StreamWriter] = []

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while data := await reader.read(65_536):
            for other in writers:
                if other is not writer:
                    other.write(data)

    await asyncio.start_server(passed_on, "127.0.0.1", port, ssl=context)
    config = configparser.ConfigParser()
    config["peer"] = {
        "COT_URL": f"tls://127.0.0.1:{port}",
        "PYTAK_TLS_CLIENT_CERT": str(folder / "client.pem"),
        "PYTAK_TLS_CLIENT_KEY": str(folder / "client.pem"),
        "PYTAK_TLS_CLIENT_CAFILE": str(folder / "authority.pem"),
    }
    reader, _ = await pytak.protocol_factory(config["peer"])
    print(json.dumps({"uid": "", "type": "ready"}), flush=True)
    await Printing(asyncio.Queue(), config["peer"], reader).run()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
