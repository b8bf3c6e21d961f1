import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';

type Line = Parameters<Logger['info']>;

/**
 * The log of one request: it names the request in every line. Few requests write any, so that what pino needs for it is
 * made by the first line only.
 */
class RequestLog {
  readonly #log: Logger;
  readonly #bindings: object;
  #child: Logger | undefined;

  constructor(log: Logger, bindings: object) {
    this.#log = log;
    this.#bindings = bindings;
  }

  get level(): string {
    return this.#log.level;
  }

  get #lines(): Logger {
    this.#child ??= this.#log.child(this.#bindings);
    return this.#child;
  }

  fatal(...line: Line): void {
    this.#lines.fatal(...line);
  }
  error(...line: Line): void {
    this.#lines.error(...line);
  }
  warn(...line: Line): void {
    this.#lines.warn(...line);
  }
  info(...line: Line): void {
    this.#lines.info(...line);
  }
  debug(...line: Line): void {
    this.#lines.debug(...line);
  }
  trace(...line: Line): void {
    this.#lines.trace(...line);
  }
  silent(): void {}

  child(bindings: object): FastifyBaseLogger {
    return this.#lines.child(bindings);
  }
}

/** Makes `request.log`. */
export const requestLog =
  (log: Logger): NonNullable<FastifyServerOptions['childLoggerFactory']> =>
  (_logger, bindings) =>
    new RequestLog(log, bindings) as unknown as FastifyBaseLogger; // its overloads cannot be written as methods
