"""Floor 3, format: claims, tokens and the one call that verifies them."""
