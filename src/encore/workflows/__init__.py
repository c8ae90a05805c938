"""The flows that join two features: an operation over their plain steps, with its own views and addresses."""
