"""The pages: what people read, in Japanese and English. They only read; what changes something is asked of the API."""
