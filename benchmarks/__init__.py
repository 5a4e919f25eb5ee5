"""What was measured, and can be measured again: `make bench`."""
