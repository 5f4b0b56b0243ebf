"""Store: tables, blobs, transactions, and what keeps them whole."""
