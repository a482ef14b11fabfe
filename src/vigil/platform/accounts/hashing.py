"""How passwords are kept: Argon2, and the hash sealed with the node's field key, which is not in the database.

The key is the pepper that CJIS 5.9.5 IA-5(1)(a) asks for (256 bits, stored apart): who has the database alone cannot
try passwords out. It rotates with the other fields. Hashes that were not sealed are still taken.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher, make_password, mask_hash
from django.db import models

from vigil.platform import keys
from vigil.platform.sealed import Again

PURPOSE = "accounts.password"
PLAIN = "argon2$"

if TYPE_CHECKING:
    _Text = models.CharField[Any, Any]
else:
    _Text = models.CharField


class SealedArgon2(BasePasswordHasher):
    """What Django asks of a hasher, answered by its own for Argon2 about the hash within."""

    algorithm = "sealed_argon2"
    inner = Argon2PasswordHasher()

    def encode(self, password: str, salt: str) -> str:
        """The hash of the password, sealed."""
        return sealed(self.inner.encode(password, salt))

    def decode(self, encoded: str) -> Any:
        """The parts of the hash."""
        return self.inner.decode(_opened(encoded))

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is the password; never of a hash that another node, or nobody, sealed."""
        try:
            return bool(self.inner.verify(password, _opened(encoded)))
        except InvalidTag:
            return False

    def must_update(self, encoded: str) -> bool:
        """Whether Argon2 is asked for more work today than when it was made."""
        try:
            return bool(self.inner.must_update(_opened(encoded)))
        except InvalidTag:
            return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Argon2's time is the same for all."""

    def safe_summary(self, encoded: str) -> Any:
        """What may be shown of it."""
        return {"algorithm": self.algorithm, "hash": mask_hash(encoded)}


def stored(password: str) -> str:
    """The password as it is stored."""
    return make_password(password)


def sealed(encoded: str) -> str:
    """A hash of Django's Argon2 as it is stored."""
    return f"{SealedArgon2.algorithm}${b64encode(keys.encrypt(encoded, PURPOSE)).decode()}"


def _opened(encoded: str) -> str:
    return keys.decrypt(_bytes(encoded), PURPOSE)


def _bytes(encoded: str) -> bytes:
    return b64decode(encoded.partition("$")[2])


class PasswordHash(_Text):
    """The column of sealed hashes: a rotation seals them again, and those that were not yet."""

    def deconstruct(self) -> Any:
        """A plain column of text."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options

    def again(self, value: str, again: Again) -> str:
        """The stored hash under the newest key."""
        if value.startswith(PLAIN):
            return sealed(value)
        if value.startswith(SealedArgon2.algorithm):
            return f"{SealedArgon2.algorithm}${b64encode(again(_bytes(value), PURPOSE)).decode()}"
        return value
