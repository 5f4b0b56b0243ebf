"""TLS 1.3 at the door: the server's certificate, and verified certificates of systems for the application."""
