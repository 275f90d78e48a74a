"""Recipes: what is done to a file so that it passes, measured (apply) and found (suggest). No Django inside."""
