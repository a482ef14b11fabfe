"""What an operation is found by although it is ciphertext: its case number and its lead contact, as keyed tokens.

Equal words have equal tokens on this node and nowhere else; a token tells nothing without the node's key. Filed in the
transaction of the revision, of the current one alone. Subjects have tokens of their own (`plan_rows.token_of`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from uuid import UUID

from vigil.apps.deconfliction.models import OperationWord, RevisionKind
from vigil.apps.deconfliction.plan import Contact, Plan
from vigil.engine import phones
from vigil.platform import keys
from vigil.platform.prepared import insert, new

CASE = "deconfliction.word.case"
CONTACT = "deconfliction.word.contact"
KEPT_BY = frozenset(
    {
        *(RevisionKind.EXTEND, RevisionKind.END, RevisionKind.CANCEL),
        *(RevisionKind.UNDO_CANCEL, RevisionKind.JOIN, RevisionKind.SHIFT),
    }
)
"""Revisions that leave case number and contacts as they were."""
SHORTEST = 2

Filed = tuple[UUID, int, RevisionKind, Plan]
"""An operation with the number, the kind and the plan of its new revision."""


def file(revisions: Iterable[Filed]) -> None:
    """File the words of new revisions in place of those of the revisions before."""
    changed = [one for one in revisions if one[1] == 1 or one[2] not in KEPT_BY]
    again = [operation for operation, number, _, _ in changed if number > 1]
    if again:
        OperationWord.objects.filter(operation_id__in=again).delete()
    last = {operation: plan for operation, _, _, plan in changed}
    insert(
        new(OperationWord, operation_id=operation, token=token)
        for operation, plan in last.items()
        for token in tokens(plan.case_number, plan.lead_contact)
    )


def tokens(case_number: str, lead: Contact) -> list[bytes]:
    """All tokens of one revision, each once."""
    return sorted({*case_tokens(case_number), *name_tokens(lead.name), *phone_tokens(lead.phone)})


def case_tokens(text: str) -> list[bytes]:
    """The token of a case number however it is spaced; none of a text without letters and digits."""
    plain = "".join(_words(text))
    return [keys.keyed_token(plain, CASE)] if len(plain) >= SHORTEST else []


def name_tokens(text: str) -> list[bytes]:
    """The tokens of the words of a name, in any order and case, without marks."""
    return [keys.keyed_token(word, CONTACT) for word in dict.fromkeys(_words(text)) if len(word) >= SHORTEST]


def phone_tokens(text: str) -> list[bytes]:
    """The token of a telephone number in any notation; none of what is none."""
    number = _phone(text)
    return [keys.keyed_token(number, CONTACT)] if number else []


def _words(text: str) -> list[str]:
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return re.findall(r"[^\W_]+", plain.upper())


def _phone(text: str) -> str:
    try:
        return phones.read_phone(text).e164
    except phones.PhoneError:
        return ""
