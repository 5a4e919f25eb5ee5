"""What the tests ask of AWS, held against the policies: nothing outside of them, and nothing in them for no reason."""
