"""The tests. They read what a user would read, and AWS is an emulator behind the real models."""
