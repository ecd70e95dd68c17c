"""Input made to break something: a run ends all the same, in bounded memory, and writes nowhere else than it should."""
