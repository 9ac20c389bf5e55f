"""Being signed in: sessions, and the cookies that carry them for pages."""
