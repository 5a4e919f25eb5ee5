"""What only `make run` uses: the virtual environment, the embedded AWS, its outbox, and who starts and ends them."""
