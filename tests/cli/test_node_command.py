"""`vigil node`: what administrators do on pages, at the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.protocol.test_pairing import ELM, SIGNER

from vigil.cli.main import main
from vigil.platform.partners import roster
from vigil.platform.partners.models import Partner, current_roster
from vigil.protocol.pairing import groups, read, write_file


@pytest.mark.django_db
def test_a_node_is_paired_listed_moved_and_removed_at_the_machine(
    drawn_keys: Any, people: Any, now: Any, tmp_path: Path, capsys: Any
) -> None:
    ours, theirs = tmp_path / "ours.json", tmp_path / "elm.json"
    theirs.write_bytes(write_file(ELM, SIGNER))
    assert main(["node", "address", "https://vigil.bay.example/"]) == 0
    assert main(["node", "pair", "--out", str(ours)]) == 0
    assert "  ".join(groups(roster.signer().fingerprint)) in capsys.readouterr().out
    assert read(ours.read_bytes()).address == "https://vigil.bay.example"
    assert main(["node", "pair", "--code"]) == 0
    assert read(capsys.readouterr().out.encode()).node_id == str(people.node.pk)

    heard = " ".join(groups(ELM.fingerprint))
    assert main(["node", "pair", str(theirs)]) == 0
    assert "Taken in as a proposal" in capsys.readouterr().out
    assert main(["node", "pair", str(theirs), "--heard", "1234"]) == 2
    assert not current_roster().members
    assert main(["node", "pair", str(theirs), "--heard", heard]) == 0
    assert current_roster().members == [ELM.node_id]
    assert main(["node", "address", "https://new.elm.example", "--of", "Elm Region"]) == 0
    capsys.readouterr()
    assert main(["node", "list"]) == 0
    assert capsys.readouterr().out.split("\t")[:3] == ["Elm Region", "Not spoken with yet", "live"]
    assert Partner.objects.get().base_url == "https://new.elm.example"

    assert main(["node", "remove", "Oak", "--because", "gone"]) == 2
    assert "no partner named Oak" in capsys.readouterr().err
    assert main(["node", "remove", "Elm Region", "--because", "dissolved"]) == 0
    assert not current_roster().members
    theirs.write_bytes(b"{}")
    assert main(["node", "pair", str(theirs)]) == 2
    assert "no pairing file" in capsys.readouterr().err
