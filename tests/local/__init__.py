"""`make run`: real processes on free ports, in folders of the tests."""
