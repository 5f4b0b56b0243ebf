"""Sealed memory: nothing is stored in the clear, nobody reads what they may not, nothing changes unseen.

Opened only by the floor above, through `gate.Records.acting`, where access is decided and audited first.
"""
