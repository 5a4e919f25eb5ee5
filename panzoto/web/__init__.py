"""What every route shares: guards, errors, the shape of requests and answers, logs and metrics."""
