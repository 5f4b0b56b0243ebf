"""Clean data before anything is learned: what is suspicious, with its examples, and a manifest a person confirms."""
