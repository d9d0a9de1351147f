"""Where telemetry comes in: OTLP over gRPC and HTTP."""
