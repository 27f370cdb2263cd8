"""Reports to print and to keep: of a study, and of a single run. Everything in them is stored; nothing is trained."""
