"""One check a file: each looks at what was measured and answers with suspicions, and changes nothing."""
