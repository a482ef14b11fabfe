"""The operator's streets: imported lines and address points, found again by a typed address, drawn on the map.

`formats` reads files · `loading` brings them in · `addresses` reads what was typed · `finding` answers where it is ·
`full_text` finds names · `tiles` makes the map layer · `queries.sources()` says what is there.
"""
