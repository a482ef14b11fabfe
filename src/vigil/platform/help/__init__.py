"""Help for each page and the questions that are asked often: texts in `texts.py`, shown by two pages."""
