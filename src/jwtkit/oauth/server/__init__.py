"""The authorization server's role: what it must read from browsers and clients. Decisions and storage come later."""
