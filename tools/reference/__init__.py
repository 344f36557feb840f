"""The pages of the documentation that are written from the code. `make docs` writes them, and a test compares them."""
