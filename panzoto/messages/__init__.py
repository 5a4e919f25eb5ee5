"""Every word that a user is sent, and the senders that take it to them."""
