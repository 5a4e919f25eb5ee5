"""Tests of config.py and env.py."""
