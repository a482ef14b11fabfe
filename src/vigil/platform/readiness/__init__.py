"""What is still missing before the node is ready: a pure judgement over facts, shown on a page, on Today and by
`vigil check`. An app adds what it alone knows in its `readiness.py`.
"""
