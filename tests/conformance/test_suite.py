"""A partner that behaves keeps every requirement; each misbehaviour is seen by the requirement that it breaks."""

from __future__ import annotations

import json
import re
import stat
import threading
from pathlib import Path

import pytest

from conformance.trial import Trial
from vigil.cli.main import main
from vigil.config.folders import BASE_DIR
from vigil.conformance import report, running
from vigil.conformance.misbehaviours import MISBEHAVIOURS, Misbehaviour
from vigil.conformance.over_http import Http, Server
from vigil.conformance.partner import MockPartner
from vigil.conformance.report import Outcome
from vigil.conformance.requirements import REQUIREMENTS
from vigil.conformance.wire import NoAnswer, Response, token_of

DOCUMENT = BASE_DIR / "docs" / "protocol" / "federation.md"
TABLE = BASE_DIR / "docs" / "protocol" / "conformance.md"


@pytest.mark.slow
def test_a_partner_that_behaves_keeps_every_requirement() -> None:
    results = Trial(many=20).run()
    assert [report.as_text(one) for one in results if one.outcome is not Outcome.PASSED] == []
    assert [one.id for one in results] == sorted(REQUIREMENTS)


@pytest.mark.parametrize("wrong", MISBEHAVIOURS.values(), ids=str)
def test_each_misbehaviour_is_seen_by_the_requirement_that_it_breaks(wrong: Misbehaviour) -> None:
    (result,) = Trial(wrong.partner).run({wrong.seen_by})
    assert result.outcome is Outcome.FAILED
    assert result.expected
    assert result.came


def test_the_requirements_stand_in_the_document_word_for_word() -> None:
    stated = dict(re.findall(r"^- \*\*(FED-\d{3})\*\* (.+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert stated == {one.id: one.sentence for one in REQUIREMENTS.values()}


def test_the_misbehaviours_stand_in_their_table() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (FED-\d{3}) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(one.name, one.sentence, one.seen_by) for one in MISBEHAVIOURS.values()]


def test_a_failure_says_what_was_sent_what_came_and_what_was_expected() -> None:
    (failed,) = Trial(MISBEHAVIOURS["never-near"].partner).run({"FED-105"})
    text = report.as_text(failed)
    assert "failed  FED-105" in text
    assert re.search(r"sent: .*query: revision 1 of [\w-]+", text)
    assert re.search(r"came: +direct", text)
    assert re.search(r"expected: +band near", text)
    assert report.summary([failed]) == "0 of 1 requirements kept; failed: FED-105"
    read = json.loads(running.as_json([failed], "http://x"))
    assert (read["conforms"], read["results"][0]["came"]) == (False, "direct")


@pytest.mark.slow
def test_the_commands_over_loopback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite, mock = tmp_path / "suite.json", tmp_path / "mock.json"
    assert main(["conformance", "--introduce", str(suite), "--listen", "127.0.0.1:0"]) == 0
    with Server("127.0.0.1:0", lambda path, body: Response()) as free:
        listen = free.address.removeprefix("http://")
    assert main(["mock-partner", "--introduce", str(mock), "--listen", listen]) == 0
    assert stat.S_IMODE(suite.stat().st_mode) == 0o600
    over = threading.Event()
    own = running.opened(mock, tmp_path / "suite.pairing.json")
    serving = threading.Thread(target=running.served, args=(own, listen, MockPartner, over.is_set))
    serving.start()
    try:
        command = ["conformance", "--pairing", str(suite), "--node", str(tmp_path / "mock.pairing.json")]
        capsys.readouterr()
        assert main([*command, "--only", "FED-001", "--only", "FED-104"]) == 0
        assert "2 of 2 requirements kept" in capsys.readouterr().out
        assert main([*command, "http://127.0.0.1:9", "--only", "FED-001"]) == 1
        assert main([*command, "--only", "FED-999"]) == 2
        assert main(["conformance", "--pairing", str(suite)]) == 2
        capsys.readouterr()
        assert main([*command, "--listen", listen]) == 2
        assert f"Cannot listen on {listen}" in capsys.readouterr().err
    finally:
        over.set()
        serving.join()


@pytest.mark.slow
def test_what_comes_over_http_is_what_was_sent_and_never_waited_for_too_long() -> None:
    sent = {"late": Response(b"x", delay=5), "drops": Response(b"x" * 9, drip=0.5), "whole": Response(b"x", 200)}
    with Server("127.0.0.1:0", lambda path, body: sent.get(path, Response(cut=True))) as server:
        wire = Http(server.address)
        assert token_of(wire.post("whole", b"", 60)) == b"x"
        for path in ("late", "drops", "closed"):
            with pytest.raises(NoAnswer, match=r"nothing within|closed"):
                token_of(wire.post(path, b"", 0.2))
