"""Full text in Chinese and English over what is on offer: tokens, the index of both databases, queries, facets."""
