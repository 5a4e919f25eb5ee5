"""The move from PostgreSQL, which is done once: rows become items, each exactly once, and everything is compared."""
