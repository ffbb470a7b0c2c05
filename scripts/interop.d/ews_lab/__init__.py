"""What the parts of `scripts/interop ews` share."""
