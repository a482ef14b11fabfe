"""The rules of ARCHITECTURE.md that a machine can check. Each test names the rule; each was seen to fail once."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.urls import path

from vigil.config.folders import BASE_DIR
from vigil.config.settings import KNOBS
from vigil.core.permissions import PERMISSIONS
from vigil.platform.doors import addresses, check_declared, public

SOURCE = BASE_DIR / "src" / "vigil"
EDGES = ("views.py", "*_views.py", "*api.py", "urls.py")


def trees(*patterns: str) -> Iterator[tuple[Path, ast.Module]]:
    """The syntax trees of the source files that match."""
    for pattern in patterns:
        for file in sorted(SOURCE.glob(pattern)):
            yield file.relative_to(SOURCE), ast.parse(file.read_text(encoding="utf-8"))


def test_imports_point_down() -> None:
    # A process of its own: in this one it would switch the loggers off for every later test.
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_every_address_says_who_may_open_it() -> None:
    assert check_declared() == []
    assert len(list(addresses())) > 3


def test_only_these_addresses_are_open_to_everyone() -> None:
    opened = {address for address, view in addresses() if getattr(view, "vigil_permission", "") == "public"}
    assert {"api/v1/", "api/v1/openapi.json"} <= opened
    assert not {address for address in opened if "operation" in address or "conflict" in address}


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@public
def open_to_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("forgotten", undeclared), path("open", open_to_all)]


@pytest.mark.urls("test_architecture")
def test_an_undeclared_address_stops_the_start() -> None:
    (error,) = check_declared()
    assert "/forgotten" in error.msg
    assert error.is_serious()


def modules(name: str) -> Iterator[ModuleType]:
    """The modules of that name of our apps."""
    for config in apps.get_app_configs():
        if config.name.startswith("vigil.") and (Path(config.path) / f"{name}.py").exists():
            yield importlib.import_module(f"{config.name}.{name}")


def test_every_public_verb_is_an_action() -> None:
    seen = 0
    for module in modules("actions"):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            parameters = list(inspect.signature(function).parameters)
            if parameters and parameters[0] == "actor":
                assert hasattr(function, "permission"), f"{module.__name__}.{name} takes an actor and is no @action"
                seen += 1
    assert seen > 5


def test_edges_open_no_tables() -> None:
    for file, tree in trees(*(f"apps/**/{name}" for name in EDGES), "apps/*/templatetags/*.py"):
        touched = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "objects"]
        assert not touched, f"{file} line {touched}: rows come from access.py and queries.py"


CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}


def test_pure_code_reads_no_clock() -> None:
    for file, tree in trees("engine/**/*.py", "protocol/**/*.py", "apps/**/rules.py", "core/[!i]*.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                owner = ast.unparse(node.func.value)
                assert not re.search(r"(^|\.)(datetime|date|time|timezone|clock)$", owner), f"{file}:{node.lineno}"


def test_rules_open_nothing() -> None:
    for file, tree in trees("apps/**/rules.py"):
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not calls & {"open", "print", "input", "exec", "eval"}, file


@pytest.mark.slow
def test_there_are_no_signals_and_no_generic_keys() -> None:
    forbidden = ("django.dispatch", "django.db.models.signals", "django.contrib.contenttypes.fields")
    for file, tree in trees("**/*.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(forbidden), f"{file}:{node.lineno}"


def test_permissions_are_named_app_noun_verb_and_somebody_has_each() -> None:
    rooms = {config.label for config in apps.get_app_configs() if config.name.startswith("vigil.")}
    for code, roles in PERMISSIONS.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", code), code
        assert code.split(".")[0] in rooms, code
        assert roles, code


def test_every_setting_is_documented_with_its_default() -> None:
    page = (BASE_DIR / "docs" / "operate" / "settings.md").read_text(encoding="utf-8")
    for knob in KNOBS:
        assert f"`{knob.name}`" in page, knob.name
        assert knob.sentence in page, f"{knob.name}: the page's sentence is not the setting's"
        assert knob.sentence.endswith("."), knob.name


BEGINNINGS = [
    ("agencies", "0001_start"),
    ("deconfliction", "0001_start"),
    ("near_miss", "0001_beginning"),
    ("partners", "0001_beginning"),
]


@pytest.mark.parametrize(("app", "name"), BEGINNINGS)
def test_the_short_beginning_of_migrations_leaves_what_those_that_it_replaces_left(app: str, name: str) -> None:
    from django.db.migrations.loader import MigrationLoader

    loader: Any = MigrationLoader(None)
    short = loader.project_state((app, name)).models
    others = loader.project_state()
    for model in [model for model in others.models if model[0] == app]:
        others.remove_model(*model)
    for replaced in loader.disk_migrations[app, name].replaces:
        loader.disk_migrations[replaced].mutate_state(others, preserve=False)
    long = others.models
    names = {key for key in long if key[0] == app}
    assert names == {key for key in short if key[0] == app}
    for key in names:
        assert _described(short[key]) == _described(long[key]), key


def _described(model: Any) -> tuple[Any, ...]:
    fields = {name: field.deconstruct()[1:] for name, field in model.fields.items()}
    kept = {name: value for name, value in model.options.items() if value}
    unordered = {
        name: sorted((one.deconstruct() for one in kept.pop(name, ())), key=repr) for name in ("indexes", "constraints")
    }
    return fields, kept, unordered, model.bases


def test_every_model_has_one_leaf_of_migrations() -> None:
    from django.db.migrations.loader import MigrationLoader

    loader: Any = MigrationLoader(None)
    assert loader.detect_conflicts() == {}


def test_no_two_test_files_share_a_name() -> None:
    """pytest would collect one of them and stop at the other, and only where both are asked for."""
    names = [file.name for file in (BASE_DIR / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
