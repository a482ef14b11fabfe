"""A door as people meet it: `vigil door` in a process of its own, with three reviewers whose keys the test holds."""

from __future__ import annotations

import hashlib
import html
import itertools
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.browser.conftest import free_port, process_wait

from vigil.door import sealing, tickets

VIGIL = (sys.executable, "-m", "vigil.cli.main", "door")
WRITE_KEYS = """
import sys, django
django.setup()
from vigil.door.models import Reviewer
for number, public in enumerate(sys.argv[1:], 1):
    Reviewer.objects.create(pk=number, public=bytes.fromhex(public))
"""
Pairs = Sequence[tuple[str, str]]


@dataclass
class Served:
    """The door's address, folder, log, and the private keys of reviewers 1 to 3."""

    url: str
    folder: Path
    log: Path
    privates: dict[int, bytes]
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> str:
        """A page."""
        return _answered(urllib.request.Request(self.url + path))[1]

    def post(self, path: str, fields: Pairs) -> tuple[int, str]:
        """Status and page after a form was sent."""
        return _answered(urllib.request.Request(self.url + path, urlencode(fields).encode()))

    def filled(self, story: str, *more: tuple[str, str]) -> Pairs:
        """The fields of a report that waits to be sent, with a proof of work."""
        carried = dict(hidden(self.get("/report/"))) | {"step": "send"}
        numbers = map(str, itertools.count())
        head = f"{carried['ticket']}:"
        proof = next(n for n in numbers if _zero_bits(head + n) >= tickets.LEAST_BITS)
        return [*carried.items(), ("happened", story), *more, ("proof", proof), ("go", "send")]

    def send(self, story: str, *more: tuple[str, str]) -> tuple[str, Pairs]:
        """Send a report as quickly as a ticket ripens; the receipt, and the fields that were sent."""
        fields = self.filled(story, *more)
        for _ in range(600):
            status, page = self.post("/report/", fields)
            if status != 429:
                break
            process_wait(self.process)  # the ticket ripens by the server's clock
        assert status == 200, page
        return receipt_on(page), fields


def _zero_bits(text: str) -> int:
    return 256 - int.from_bytes(hashlib.sha256(text.encode()).digest(), "big").bit_length()


def hidden(page: str) -> list[tuple[str, str]]:
    """What a page carries on: its hidden fields, and what is ticked and chosen on it."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    found += re.findall(r'<input type="checkbox" name="([^"]*)" value="([^"]*)" checked>', page)
    for name, options in re.findall(r'<select id="[^"]*" name="([^"]*)">(.*?)</select>', page, re.DOTALL):
        found += [(name, value) for value in re.findall(r'value="([^"]*)" selected', options)]
    return [(html.unescape(name), html.unescape(value)) for name, value in found]


def receipt_on(page: str) -> str:
    """The receipt that the page shows."""
    found = re.search(r'id="receipt">([^<]*)<', page)
    assert found, page
    return found[1]


def heading(page: str) -> str:
    """Its first heading."""
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    return html.unescape(found[1]).strip() if found else ""


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A door that takes reports, until the end of the block."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "DJANGO_"))}
    env |= {"VIGIL_DATA_DIR": str(folder)}
    pairs = {number: sealing.draw_pair() for number in (1, 2, 3)}
    setup = [*VIGIL, "setup", "--name", "Bay region near miss", "--region", "Elm County"]
    subprocess.run([*setup, "--agency", "Port Calvert Police"], env=env, check=True, stdout=subprocess.DEVNULL)
    write = [sys.executable, "-c", WRITE_KEYS, *(public.hex() for _, public in pairs.values())]
    subprocess.run(write, env=env | {"DJANGO_SETTINGS_MODULE": "vigil.door.settings"}, check=True)
    port, log = free_port(), folder / "door.log"
    with log.open("w") as out:
        process = subprocess.Popen([*VIGIL, "--port", str(port)], env=env, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield Served(url, folder, log, {number: private for number, (private, _) in pairs.items()}, process)
    finally:
        process.terminate()
        process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(3000):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=60).close()
            return
        except OSError:
            process_wait(process)
    raise AssertionError(f"no answer from {url}")


def _answered(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
