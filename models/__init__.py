"""The shipped models, as package data."""
