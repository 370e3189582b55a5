"""The client's role: programs that ask for tokens, and users who log in through them."""
