"""Published equations of cardiovascular risk, a file each: coefficients, population, source."""
