"""Explain every setting, where its value comes from, and what is wrong and how to mend it. Secrets are not shown.

On the demonstration, what would stop a real node is said but is no fault.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from vigil.cli.node import add_node_arguments, open_node, say
from vigil.cli.setup import tell_backup_key
from vigil.core.errors import DomainError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node."""
    add_node_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the node could be served as it is, 1 otherwise; what set-up still lacks changes no exit code."""
    open_node(args)
    from django.conf import settings
    from django.core import checks

    from vigil.config import database, production
    from vigil.config.settings import KNOBS
    from vigil.platform.agencies.demonstration import is_demonstration

    for knob in KNOBS:
        given = knob.name in os.environ or (knob.secret and f"{knob.name}_FILE" in os.environ)
        value = "(secret)" if knob.secret and given else os.environ.get(knob.name, knob.default) or "(empty)"
        say(f"{knob.name} = {value}  [{'set' if given else 'default'}]", f"    {knob.sentence}")
    wrong = [f"{message.msg} {message.hint or ''}".strip() for message in checks.run_checks() if message.is_serious()]
    try:
        database.refuse_unready()
    except DomainError as error:
        wrong.append(error.sentence)
    is_real = not wrong and not is_demonstration()
    for fault in production.faults(settings):
        if is_real:
            wrong.append(str(fault))
        else:
            say(f"A REAL NODE WOULD NOT START: {fault}")
    say(production.way_in(settings), production.modules().said, production.disk(Path(settings.VIGIL_DATA_DIR)))
    tell_backup_key()
    for sentence in wrong:
        say(f"WRONG: {sentence}")
    if not wrong:
        say("Nothing is wrong." if is_real else "Nothing is wrong for a demonstration.", *what_is_missing())
    return 1 if wrong else 0


def what_is_missing() -> list[str]:
    """A line for each thing that the node, or an agency of it, needs before it is ready, and where it is mended."""
    from django.urls import reverse

    from vigil.platform import clock
    from vigil.platform.readiness.judgement import missing
    from vigil.platform.readiness.queries import everyones_readiness

    lines: dict[str, None] = {}
    for agency, items in everyones_readiness(clock.now()):
        for item in missing(items):
            whose = "" if item.of_node else f"{agency}: "
            where = f" Page {reverse(item.url_name)}" if item.url_name else ""
            lines[f"MISSING: {whose}{item.label}. {item.now}{where}"] = None
    return list(lines) or ["The node is ready: nothing is missing."]
