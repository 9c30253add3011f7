import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A figure that some part of the controller keeps, read when the page is asked for. */
export interface MetricSource {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  /** Label names; none by default. */
  readonly labels?: readonly string[];
  readonly read: () => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;
}

/** Seconds: from a cached answer to a slow disk. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

let ofProcess: Registry | undefined;

/**
 * Memory, garbage collection, event loop: figures of the process, whatever runs in it. Collected once, for what watches them (timers, observers)
 * is never ended by the library, and would keep alive whoever else is in the same registry.
 */
function processFigures(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess, prefix: 'loa_' });
  }
  return ofProcess;
}

/** The controller's figures in Prometheus' text format, in a registry of its own, behind those of its process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;

  constructor(sources: readonly MetricSource[] = []) {
    // From the start on, not only from when they are asked for.
    processFigures();
    this.#requests = new Histogram({
      name: 'loa_http_request_seconds',
      help: 'Time from the request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: DURATION_BUCKETS,
      registers: [this.#registry],
    });
    for (const source of sources) this.#add(source);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  page(): Promise<string> {
    return Registry.merge([processFigures(), this.#registry]).metrics();
  }

  /** `route` is the pattern, never the path: paths would make a series each. */
  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds);
  }

  #add({ name, help, kind, labels = [], read }: MetricSource): void {
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (kind === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...common,
        collect: () => {
          gauge.reset();
          for (const [values, value] of read()) gauge.set(values, value);
        },
      });
      return;
    }
    const counter: Counter = new Counter({
      ...common,
      collect: () => {
        counter.reset();
        for (const [values, value] of read()) counter.inc(values, value);
      },
    });
  }
}
