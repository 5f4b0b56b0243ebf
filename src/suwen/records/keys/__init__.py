"""Key providers: who holds the key-encryption key, and how data keys are wrapped by it."""

from suwen.records.keys.file import FileProvider
from suwen.records.keys.nouns import KEY_BYTES, KeyProvider, ProviderKind, Secret, Wrapped
from suwen.records.keys.providers import PROVIDERS, create_provider, open_provider

__all__ = [
    "KEY_BYTES",
    "PROVIDERS",
    "FileProvider",
    "KeyProvider",
    "ProviderKind",
    "Secret",
    "Wrapped",
    "create_provider",
    "open_provider",
]
