"""What the benchmark of the service is made of: servers, a load from another process, and the price of a commit."""
