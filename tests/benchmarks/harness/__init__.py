"""What the benchmarks share: results and their floors, templates of requests, the load generator, processes, peers."""
