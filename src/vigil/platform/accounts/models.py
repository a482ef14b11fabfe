"""Users, what they are within agencies, sessions, API tokens, failed and locked logins."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from vigil.core.identifiers import uuid7
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.accounts.hashing import PasswordHash
from vigil.platform.sealed import SealedField, SealedText

ROLES = [(role.value, role.value.replace("_", " ")) for role in Role if role is not Role.SYSTEM]


class Employment(StrEnum):
    """What a person is in the agency's service, as a colleague confirms it (CJIS AC-2)."""

    SWORN = "sworn"
    CIVILIAN = "civilian"


class OffBecause(StrEnum):
    """Why an account is off."""

    HAND = "hand"
    """An administrator switched it off."""
    ENDED = "ended"
    """A temporary account came to its end."""
    UNUSED = "unused"
    UNREVIEWED = "unreviewed"
    """No role was confirmed in the yearly review."""


class UserManager(BaseUserManager["User"]):
    """Creates users with a hashed password."""

    def create_user(self, username: str, password: str | None = None, *, hashed: str = "", **fields: Any) -> User:
        """A saved user; without a password nobody can log in as them. `hashed`: it is hashed already."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        if hashed:
            user.password = hashed
        else:
            user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. What they may do comes from memberships only: there is no superuser."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(max_length=150, unique=True)
    full_name = models.CharField(max_length=200)
    password = PasswordHash("password", max_length=255)
    phone = SealedText("accounts.phone")
    email = SealedText("accounts.email")
    unit = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    """Somebody else knows the password: until it is changed, no page opens but the one that changes it."""
    first_password_ends_at = models.DateTimeField(null=True, blank=True)
    """Until when that password opens anything; None where the person chose it."""
    is_demo = models.BooleanField(default=False)
    """Of the demonstration: a password is enough on a demo node, and opens nothing anywhere else."""
    employment = models.CharField(max_length=10, blank=True, choices=[(one.value, one.value) for one in Employment])
    """As a colleague confirmed it; empty: nobody has said it."""
    ends_at = models.DateTimeField(null=True, blank=True)
    """When a temporary account ends by itself; None: it does not."""
    used_at = models.DateTimeField(default=clock.now)
    """When somebody last logged in, or a token was used (to the day), or the account was switched on again."""
    off_because = models.CharField(max_length=10, blank=True, choices=[(one.value, one.value) for one in OffBecause])
    """Why the account is off; empty while it is on."""
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering = ("full_name",)

    def __str__(self) -> str:
        return self.full_name or self.username


class Membership(models.Model):
    """One role of one user within one agency."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=ROLES)
    active = models.BooleanField(default=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    """When a role that was lent ends by itself; None: it does not."""
    reviewed_at = models.DateTimeField(default=clock.now)
    """When an administrator last confirmed it in the yearly review, or gave it."""
    is_lapsed = models.BooleanField(default=False)
    """It ended because nobody confirmed it in time."""
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "agency", "role"), name="accounts_one_membership"),
            models.CheckConstraint(
                condition=models.Q(role__in=[value for value, _ in ROLES]), name="accounts_role_known"
            ),
        )

    def __str__(self) -> str:
        return self.role


class Session(AbstractBaseSession):
    """One browser's session, as `accounts.sessions` keeps it. `expire_date` is the end that no use moves."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    seen_at = models.DateTimeField()
    """When somebody last used it, to the minute."""

    def __str__(self) -> str:
        return "session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes the rows."""
        from vigil.platform.accounts.sessions import SessionStore

        return SessionStore


class ApiToken(models.Model):
    """A program's key: acts as its user within one agency, narrowed by scopes. Only the hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="tokens")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.prefix


class LoginFailure(models.Model):
    """One failed login, by a digest of account and source: what locks guessing out (`accounts.lockout`)."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=64)
    at = models.DateTimeField()
    source_key = models.CharField(max_length=64, blank=True)
    """A digest of the address alone."""
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="failures")
    is_known = models.BooleanField(default=False)
    """Of a browser in which somebody had logged in completely before."""

    class Meta:
        indexes = (
            models.Index(fields=("key", "at"), name="accounts_failure_key"),
            models.Index(fields=("source_key", "at"), name="accounts_failure_source"),
        )

    def __str__(self) -> str:
        return self.key


class LoginLock(models.Model):
    """An account whose password and codes are locked from one source, until somebody releases it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="locks")
    """None: there is no such account, which looks the same from outside."""
    is_known = models.BooleanField(default=False)
    source = models.CharField(max_length=45)
    locked_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("key",), condition=models.Q(released_at__isnull=True), name="accounts_one_open_lock"
            ),
        )

    def __str__(self) -> str:
        return self.key


class TelephonePin(models.Model):
    """Six digits by which the watch desk knows a person on the telephone (`accounts.pins`)."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="telephone_pin")
    pin = PasswordHash("PIN", max_length=255)
    set_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)
    """Wrong guesses in a row; the fifth locks it until the person sets another."""

    def __str__(self) -> str:
        return str(self.user_id)


class RequestState(StrEnum):
    """How far a request of an account has come."""

    NEW = "new"
    """Nobody has looked yet whether there is such an agency and contact."""
    ASKED = "asked"
    """The contact is asked."""
    CONFIRMED = "confirmed"
    """An administrator is asked."""
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """Nobody answered in time."""
    NOBODY = "nobody"
    """There is no such agency, or no such contact there; only the row's moment is kept."""


class AccountRequest(models.Model):
    """Somebody without an account asks for one and names a contact at the agency (`accounts.asking`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=[(one.value, one.value) for one in RequestState])
    source_key = models.CharField(max_length=64)
    """A digest of the address it came from."""
    full_name = SealedText("accounts.request_name")
    phone = SealedText("accounts.request_phone")
    unit = SealedText("accounts.request_unit")
    ori = models.CharField(max_length=9, blank=True)
    contact_name = SealedText("accounts.request_contact")
    """As typed: a user name or a full name."""
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    employment = models.CharField(max_length=10, blank=True, choices=[(one.value, one.value) for one in Employment])
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    reason = SealedText("accounts.request_reason")
    """Why it was refused."""
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    """The account it became."""

    class Meta:
        indexes = (models.Index(fields=("state", "asked_at"), name="accounts_request_state"),)

    def __str__(self) -> str:
        return self.state


class WayBack(models.Model):
    """A single-use way back in for somebody who cannot log in (`accounts.way_back`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    """Who called the person back."""
    lost_password = models.BooleanField(default=False)
    """Begins again with a first password; otherwise a code that stands in for the second factor."""
    given_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    code_hash = models.CharField(max_length=64, blank=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("user", "asked_at"), name="accounts_way_back_user"),)

    def __str__(self) -> str:
        return str(self.user_id)


class IdempotentReply(models.Model):
    """The answer once given to an API request with an Idempotency-Key, so that a retry is told the same."""

    id = models.BigAutoField(primary_key=True)
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="replies")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    object_ids = models.JSONField(default=dict)
    """What the request made, claimed in the same transaction."""
    status = models.PositiveSmallIntegerField(null=True)
    """None until the answer was given."""
    body = SealedField("api.reply", default=bytes)
    """Encrypted, like all that may hold contacts."""
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("token", "key"), name="accounts_one_reply"),)

    def __str__(self) -> str:
        return self.key
