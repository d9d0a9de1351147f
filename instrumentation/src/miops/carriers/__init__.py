"""One module per model server whose models run in other processes: it takes the context of requests along."""
