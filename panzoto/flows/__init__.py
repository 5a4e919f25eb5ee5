"""One module for each act that a user would name. A flow is told the time, and has one commit point."""
