"""Who may do what: grants, what a request's actor has of them, and the decision. No door decides it by itself."""
