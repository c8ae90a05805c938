"""A module that cannot be loaded, for reasons of its own."""

raise LookupError("there is no row for this operation")
