"""The pages for people. A new area's pages are one file here and one line in `suwen.server.routes`."""
