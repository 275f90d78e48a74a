"""What an adversary would try on a file: restore a column, single people out, link them, guess what is sensitive.

`simulate` and `restoration.find` take a connection and a relation in it; the same file gives the same answer. No
sentence and no figure holds the content of a cell.
"""
