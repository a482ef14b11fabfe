"""Every text a person reads can be translated: none stands bare in a template, a script or the code of a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from vigil.config.folders import BASE_DIR

SOURCE = BASE_DIR / "src" / "vigil"
TEMPLATES = sorted(SOURCE.glob("**/templates/**/*.html"))
SCRIPTS = sorted(SOURCE.glob("**/static/**/*.js"))
MODULES = sorted(
    file
    for room in ("apps", "platform", "web", "api", "core", "engine", "protocol", "door")
    for file in (SOURCE / room).glob("**/*.py")
)

SAID_IN_ENGLISH = (
    "**/migrations/*.py",  # history
    "**/models.py",  # constraints and help for builders
    "api/*.py",  # for programmers: the OpenAPI document and the problems' titles
    "**/*api.py",
    "apps/deconfliction/demo*.py",  # invented people speak English
    "apps/near_miss/demo.py",
    "apps/deconfliction/desk/papers.py",  # records on paper, in the language of the agency's records
    "apps/deconfliction/led/papers.py",
    "apps/deconfliction/field_tools/cap_messages.py",  # for programs of a desk; CAP says its language
    "apps/deconfliction/field_tools/tak_zones.py",  # for devices, whose reader's language nobody knows
    "engine/formats/cap.py",
    "engine/formats/cot.py",
    "apps/deconfliction/receipts/paper.py",  # English, as the receipt is signed
    "apps/near_miss/encounters/demo.py",
    "apps/near_miss/foreign/mapping.py",  # headings and codes of other services' files
    "apps/near_miss/learning/similar.py",  # common words of English narratives
    "apps/near_miss/partners/publications.py",  # what a partner's builders read
    "apps/policy/queries.py",  # the policy: adopted, signed and compared word by word
    "apps/policy/rules.py",
    "core/privacy/circumstances.py",  # what is found and put into English narratives
    "core/privacy/moments.py",
    "core/privacy/names.py",
    "core/privacy/patterns.py",
    "core/privacy/proposals.py",
    "core/privacy/lexicons.py",
    "core/privacy/suppression.py",  # for who writes programs
    "engine/__init__.py",  # for who writes programs
    "engine/study.py",
    "apps/deconfliction/store.py",  # why a roster was changed: stored
    "protocol/*.py",  # what is signed, and what a partner's builders read
    "door/founding.py",  # for the operator's shell
    "door/troubles.py",
    "platform/audit/heads.py",
    "platform/audit/sealer.py",  # for the operator's shell
    "platform/delivery/channels.py",
    "platform/agencies/listing.py",
    "platform/gazetteer/formats.py",
    "platform/gazetteer/loading.py",
    "platform/gazetteer/tiles.py",
    "platform/keys.py",
    "platform/rotation.py",
    "platform/doors.py",
    "platform/clock.py",
)
"""Modules whose sentences are not translated, and why."""


def name(file: Path) -> str:
    return str(file.relative_to(SOURCE))


WORDS = re.compile(r"[^\W\d_]{2,}")
READ_ATTRIBUTES = re.compile(r'\b(?:aria-label|aria-description|placeholder|title|alt)="([^"]*)"')
NAMES = {"Vigil", "bare", "nbsp", "middot", "hellip", "larr", "rarr"}


def bare_texts(source: str) -> Iterator[str]:
    """What a template says outside `translate` and `blocktranslate`: between tags and in attributes that are read."""
    pieces, inside = [], False
    source = re.sub(r"\{% block (body_class|enter) %\}.*?\{% endblock %\}", "", source)  # a style, a button's value
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK and token.contents.split()[0] in ("blocktranslate", "endblocktranslate"):
            inside = not inside
        if token.token_type == TokenType.TEXT:
            pieces.append("" if inside else token.contents)
    markup = re.sub(r"<(style|script|svg|code|kbd)\b.*?</\1>", "", "".join(pieces), flags=re.S)
    texts = [re.sub(r"<[^>]*>", "\n", re.sub(r"<!--.*?-->", "", markup, flags=re.S)), *READ_ATTRIBUTES.findall(markup)]
    for text in texts:
        for line in text.splitlines():
            if set(WORDS.findall(line)) - NAMES:
                yield line.strip()


def test_templates_say_nothing_untranslated() -> None:
    bare = {name(file): list(bare_texts(file.read_text(encoding="utf-8"))) for file in TEMPLATES}
    assert len(bare) > 100
    assert {file: texts for file, texts in bare.items() if texts} == {}


SENTENCE = re.compile(r"^\W*[A-Z][a-z'’]*,? \w|[a-z]{2,} [a-z]{2,} [a-z]{2,}")


def bare_script_sentences(source: str) -> Iterator[str]:
    """Quoted texts of a script that read like a sentence and are not handed to `gettext` or `ngettext`."""
    code = re.sub(r"(?m)(^|\s)//.*$", "", source)
    code = re.sub(r"""(n?gettext\(|className:)\s*("[^"]*"\s*,?\s*)+""", "", code)
    for match in re.finditer(r'"([^"\n]*)"|`([^`]*)`', code):
        text = re.sub(r"\$\{[^}]*\}", "0", match[1] or match[2] or "")
        if re.search(SENTENCE, text) and not re.search(r"[<=;{\[]", text):
            yield text


def test_scripts_say_nothing_untranslated() -> None:
    bare = {name(file): list(bare_script_sentences(file.read_text(encoding="utf-8"))) for file in SCRIPTS}
    assert len(bare) > 10
    assert {file: texts for file, texts in bare.items() if texts} == {}


TRANSLATED = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "gettext_noop"}
PROPER_NAMES = {"Case Explorer"}
FOR_THE_BUILDERS = {"LookupError", "TypeError", "RuntimeError", "NotImplementedError", "AssertionError", "KeyError"}
FOR_THE_BUILDERS |= {"warn", "warning", "info", "debug", "error", "exception", "critical", "Field", "Knob", "Query"}
FOR_THE_BUILDERS |= {"SearchFailed"}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def bare_sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts of a module that read like a sentence and are neither translated nor said to its builders or operators."""
    children = list(ast.iter_child_nodes(tree))
    if isinstance(tree, ast.Call) and called(tree) in TRANSLATED | FOR_THE_BUILDERS:
        return
    if isinstance(tree, ast.Assert):
        return
    if isinstance(tree, ast.Dict):  # keys are looked up, not said
        children = list(tree.values)
    if isinstance(tree, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in tree.values)
        if is_sentence(text):
            yield tree.lineno, text
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and is_sentence(tree.value):
        yield tree.lineno, tree.value
    for child in children:
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from bare_sentences(child)


def is_sentence(text: str) -> bool:
    if text in PROPER_NAMES or re.search(r"[<={]|\b(SELECT|CREATE|FROM|WHERE|DELETE|UPDATE)\b", text):
        return False
    return bool(re.search(SENTENCE, text))


@pytest.mark.slow
def test_modules_say_nothing_untranslated() -> None:
    spoken = [file for file in MODULES if not any(file.match(pattern) for pattern in SAID_IN_ENGLISH)]
    bare = {name(file): list(bare_sentences(ast.parse(file.read_text(encoding="utf-8")))) for file in spoken}
    assert len(bare) > 100
    assert {file: sentences for file, sentences in bare.items() if sentences} == {}
