"""What every table stands on: the gateway to DynamoDB, and what goes through it."""
