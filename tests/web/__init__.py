"""The review in a browser, from its parts to a real browser."""
