"""The Grafana dashboard and the Prometheus rules, as code: `python -m dashboards.generate`."""
