"""Lists and what leaves them: filters, saved views, the search of every page, files, the calendar."""
