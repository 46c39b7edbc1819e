"""Faces: they translate between people or protocols and operations, and decide nothing."""
