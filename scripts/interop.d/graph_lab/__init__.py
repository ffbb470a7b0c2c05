"""What the parts of `scripts/interop graph` share."""
