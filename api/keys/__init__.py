"""What access tokens are signed with: keys that are rotated, where they are kept, and the tokens themselves."""
