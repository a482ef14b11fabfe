"""Files of a records system brought in: uploaded, mapped, checked, imported."""
