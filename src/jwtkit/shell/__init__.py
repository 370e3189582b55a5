"""Floor 6, the command line: the one place that reads stdin and writes stdout. Nothing imports it."""
