import type pg from 'pg';
import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import { RequestDurations } from './request-durations.ts';

/** What Prometheus reads of this process. */
export class Metrics {
  readonly contentType: string;
  readonly requests = new RequestDurations();
  readonly #registry = new Registry();

  constructor(pool: pg.Pool) {
    const registers = [this.#registry];
    this.contentType = this.#registry.contentType;
    this.#registry.registerMetric(this.requests as unknown as Metric);
    collectDefaultMetrics({ register: this.#registry }); // memory, CPU, event loop, garbage collection
    new Gauge({
      name: 'database_pool_connections',
      help: 'Connections of this process to the database.',
      labelNames: ['state'],
      registers,
      collect() {
        this.set({ state: 'idle' }, pool.idleCount);
        this.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
      },
    });
    new Gauge({
      name: 'database_pool_waiting',
      help: 'Pieces of work waiting for a connection.',
      registers,
      collect() {
        this.set(pool.waitingCount);
      },
    });
  }

  /** Everything in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
