"""The collector is killed again and again under load; ``make torture`` says what became of every row."""
