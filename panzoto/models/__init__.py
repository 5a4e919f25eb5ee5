"""One module for each table. `spec` declares them, `table` is what they can do, `gateway` speaks DynamoDB."""
