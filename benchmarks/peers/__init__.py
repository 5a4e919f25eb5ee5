"""What we are measured against. It runs in an environment of its own, `.venv-bench`, and knows nothing of ours."""
