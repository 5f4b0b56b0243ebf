"""Identities: accounts, second factors, sessions, passkeys, OpenID Connect, certified devices."""
