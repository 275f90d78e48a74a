"""Files that prove something in a case: PDF, PNG or JPEG, read before they are taken, sealed where they lie.

`reader` and `process` know no Django: a stranger's file is opened in a process of its own. `store` keeps the files.
"""
