"""Operations run together: joint groups, participating agencies, task forces."""
