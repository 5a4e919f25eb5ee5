"""The only place where an AWS client is made."""
