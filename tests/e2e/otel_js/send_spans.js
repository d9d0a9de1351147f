// Sends spans from several clients at once: node send_spans.js EXPORTER ENDPOINT COMPRESSION CLIENTS SPANS BYTES
'use strict';

const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const PACKAGES = {
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
  proto: '@opentelemetry/exporter-trace-otlp-proto',
  json: '@opentelemetry/exporter-trace-otlp-http',
};
const [name, url, compression, clients, spans, bytes] = process.argv.slice(2);
const { OTLPTraceExporter } = require(PACKAGES[name]);

async function send(client) {
  const batches = { maxExportBatchSize: 10, scheduledDelayMillis: 5, exportTimeoutMillis: 30_000 };
  const exporter = new OTLPTraceExporter({ url, compression });
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter, batches)] });
  const tracer = provider.getTracer('otel-js');
  for (let number = 0; number < Number(spans); number++) {
    const attributes = {
      'miops.model.name': 'js',
      'miops.prediction.id': `${client}-${number}`,
      'miops.prediction.value': number,
      'http.body': 'x'.repeat(Number(bytes)),
    };
    tracer.startSpan('predict', { attributes }).end();
  }
  await provider.shutdown();
}

Promise.all(Array.from({ length: Number(clients) }, (_, client) => send(client)));
