"""Bridges to other libraries and formats; each imports its library inside the function that needs it."""
