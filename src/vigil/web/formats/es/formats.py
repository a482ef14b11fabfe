"""Spanish of the United States and Mexico: a decimal point, as in coordinates and in what scripts read."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
