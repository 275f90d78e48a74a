"""Files that prove something in a case: PDF, PNG or JPEG, read before they are taken, sealed where they lie.

`reader` opens a stranger's file and knows no Django: `process` runs it apart. `store` keeps the files, `pages` shows
them.
"""
