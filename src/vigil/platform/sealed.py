"""Columns that hold ciphertext, as field classes: whoever rotates keys finds every one of them by its class.

contacts = SealedField("deconfliction.contacts")       # bytes, sealed and opened by the app
phone = SealedText("accounts.phone")                    # str in Python, ciphertext in the database
participants = SealedList("deconfliction.participants")  # a list of JSON values, likewise

To the database, and to migrations, each is a plain column of bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import models

from vigil.platform import keys

if TYPE_CHECKING:
    _Bytes = models.BinaryField[Any, Any]
else:
    _Bytes = models.BinaryField

Again = Callable[[bytes, str], bytes]
"""Of a sealed value and its purpose, the same under the newest key (`keys.again`)."""


class SealedField(_Bytes):
    """Ciphertext of `keys.encrypt` with the field's purpose; the app encrypts and decrypts."""

    def __init__(self, purpose: str = "", **options: Any) -> None:
        self.purpose = purpose
        super().__init__(**options)

    def deconstruct(self) -> Any:
        """A plain column of bytes: a purpose is nothing that a migration changes."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.BinaryField", arguments, options

    def again(self, value: Any, again: Again) -> Any:
        """The stored value under the newest key; `again` does so with one sealed value. What is empty stays so."""
        return again(value, self.purpose) if value else value


def purpose_of(model: type[models.Model], name: str) -> str:
    """What the column's values are encrypted for."""
    field = model._meta.get_field(name)
    if not isinstance(field, SealedField | SealedRows):
        raise TypeError(f"{model.__name__}.{name} is not sealed")
    return field.purpose


class SealedText(SealedField):
    """Text: opened when it is read, sealed when it is written. An empty one is null in the database."""

    nothing: Callable[[], Any] = str
    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def __init__(self, purpose: str = "", **options: Any) -> None:
        super().__init__(purpose, **{"null": True, "blank": True, "default": self.nothing} | options)

    def deconstruct(self) -> Any:
        """As `SealedField`; what is nothing in Python is null in the database."""
        name, path, arguments, options = super().deconstruct()
        del options["default"]
        return name, path, arguments, options

    def get_default(self) -> Any:
        """Nothing."""
        return self.nothing()

    def from_db_value(self, value: Any, *_: Any) -> Any:
        """What was sealed."""
        return self.nothing() if value is None else self.read(keys.decrypt(value, self.purpose))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Sealed, as the database takes it."""
        sealed = keys.encrypt(self.written(value), self.purpose) if value else None
        return super().get_db_prep_value(sealed, connection, prepared)

    def value_to_string(self, obj: Any) -> str:
        """The open value as text, for Django's serializers."""
        return self.written(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        """As it is; `BinaryField` would take text for base64."""
        return value

    def written(self, value: Any) -> str:
        """The value as the text that is sealed."""
        return str(value)

    def read(self, text: str) -> Any:
        """The value again."""
        return text


class SealedList(SealedText):
    """A list of JSON values, likewise."""

    nothing = list

    def to_python(self, value: Any) -> Any:
        """A list; or from its JSON."""
        return self.read(value) if isinstance(value, str) else value

    def written(self, value: Any) -> str:
        """As JSON."""
        return json.dumps(list(value))

    def read(self, text: str) -> Any:
        """From JSON."""
        return json.loads(text)


class SealedRows(models.JSONField):
    """A JSON list of objects; the value `sealed` of each, where it has one, is ciphertext in hexadecimal."""

    def __init__(self, purpose: str = "", **options: Any) -> None:
        self.purpose = purpose
        super().__init__(**options)

    def deconstruct(self) -> Any:
        """A plain column of JSON."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options

    def again(self, value: Any, again: Again) -> Any:
        """The rows with each sealed value under the newest key."""
        return [
            {**row, "sealed": again(bytes.fromhex(row["sealed"]), self.purpose).hex()} if row.get("sealed") else row
            for row in value
        ]
