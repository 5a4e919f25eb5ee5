"""The table of claims and of everything short-lived; one module for each type of item."""
