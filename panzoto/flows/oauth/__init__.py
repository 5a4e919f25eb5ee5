"""Signing in with other providers, and the vault that keeps their tokens fresh: one module for each act."""
