"""What an operator types, and what is printed for it, whether the ledger is here or afar. Knows no settings."""
