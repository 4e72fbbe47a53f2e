"""Any value that a function returns, converted to recordings."""
