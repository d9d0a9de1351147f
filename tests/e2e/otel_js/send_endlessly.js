// Sends span after span, each batch again until it is taken, and prints how many rows are acknowledged, until its
// input ends: node send_endlessly.js EXPORTER ENDPOINT PREFIX START_MILLISECONDS
'use strict';

const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');

const PACKAGES = {
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
  proto: '@opentelemetry/exporter-trace-otlp-proto',
  json: '@opentelemetry/exporter-trace-otlp-http',
};
const ROWS = 40;
const [name, url, prefix, start] = process.argv.slice(2);
const { OTLPTraceExporter } = require(PACKAGES[name]);
const exporter = new OTLPTraceExporter({ url, timeoutMillis: 5000 });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let stopping = false;
let failures = 0;

function batchFrom(first) {
  const memory = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
  const tracer = provider.getTracer('torture');
  for (let number = first; number < first + ROWS; number++) {
    const attributes = {
      'miops.model.name': `from-${prefix}`,
      'miops.prediction.id': `${prefix}-${number}`,
      'miops.prediction.value': number % 2 === 0,
      'miops.prediction.score': (number % 100) / 100,
      'miops.feature.number': number,
      'miops.feature.text': `t${number % 7}`,
    };
    tracer.startSpan('predict', { attributes, startTime: new Date(Number(start) + number) }).end();
  }
  return memory.getFinishedSpans();
}

const exported = (spans) => new Promise((resolve) => exporter.export(spans, (result) => resolve(result.code === 0)));

async function main() {
  for (let number = 0; !stopping; number += ROWS) {
    const spans = batchFrom(number);
    while (!(await exported(spans))) {
      failures++;
      await pause(100);
    }
    console.log(`${number + ROWS} ${failures}`);
    await pause(50);
  }
  await exporter.shutdown();
  process.exit(0);
}

process.stdin.resume();
process.stdin.on('end', () => { stopping = true; });
main();
