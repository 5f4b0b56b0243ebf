"""The chest radiograph: anatomy, quality, shadows, signs and the diseases they speak for."""
