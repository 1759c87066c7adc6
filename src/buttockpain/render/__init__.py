"""Writers: they put an answer into words and pictures, and compute nothing.

They stand below the records they write, so that `print(answer)` works; they know a record by its attributes only.
"""
