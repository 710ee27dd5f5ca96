"""How it is told: the story in words, bundles, pages, figures, tables."""
