"""Fixtures of the review's tests."""

from tests.web.desks import _quarantined, remembering, storage

__all__ = ["_quarantined", "remembering", "storage"]
