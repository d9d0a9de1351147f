"""Whose alarms can be trusted: false alarms, detection and delay of ours and of others' on the same streams."""
