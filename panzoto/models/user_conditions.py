"""Conditions under which a person is changed: that what was read of them is still so."""

from __future__ import annotations

from .store.expressions import Attr, Condition
from .user import User


def password_is(user: User) -> Condition:
    """That the password is the one that was read, or that there still is none."""
    if user.password_hash is None:
        return Attr("password_hash").not_exists()
    return Attr("password_hash").eq(user.password_hash)


def phone_is(user: User) -> Condition:
    """That the phone is the one that was read, or that there still is none."""
    if user.phone is None:
        return Attr("phone_number").not_exists()
    return Attr("phone_number").eq(user.phone)


def identities_are(user: User) -> Condition:
    """That nothing was linked or unlinked since the person was read."""
    if not user.identities:
        return Attr("identities").not_exists()
    return Attr("identities").eq(set(user.identities))


def email_is(user: User) -> Condition:
    """That the email is the one that was read, or that there still is none."""
    if user.email is None:
        return Attr("email").not_exists()
    return Attr("email").eq(user.email)


def ways_in_are(user: User) -> Condition:
    """That phone and identities are those that were read; a deletion, which raises the epoch, must not miss a claim."""
    return phone_is(user) & identities_are(user) & epoch_is(user)


def roles_are(user: User) -> Condition:
    """That the roles are those that were read, or that there still are none."""
    if not user.roles:
        return Attr("roles").not_exists()
    return Attr("roles").eq(set(user.roles))


def epoch_is(user: User) -> Condition:
    """That the person is there, and that their sessions have not been ended since they were read."""
    same: Condition = Attr("session_epoch").eq(user.epoch)
    if user.epoch:
        return same
    return Attr("user_id").exists() & (same | Attr("session_epoch").not_exists())  # who is gone has no epoch either
