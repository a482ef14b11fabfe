"""Roles in words."""

from __future__ import annotations

from django import template

from vigil.platform.accounts import queries

register = template.Library()


@register.filter
def role_words(role: str) -> str:
    """`watch_desk` as `Watch desk`, in the reader's language."""
    return queries.role_words(role)
