"""Clinical text in Chinese and English to coded features: found, located, affirmed or negated, and attributed."""
