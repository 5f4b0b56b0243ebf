"""Those responsible: keys, roles, care relationships, devices, audit and backup of a sealed store."""
