"""Passwords, tokens, digests, keys and streams. Nothing here is of our own invention."""
