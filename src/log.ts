import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';

/** Names under which secrets and people travel; none of them belongs in a log. */
const PRIVATE = [
  ...['authorization', 'cookie', 'password', 'new_password', 'client_secret', 'secret'],
  ...['token', 'access_token', 'refresh_token', 'qr_code', 'email', 'document_number', 'phone'],
];

/** The log of a process: JSON lines on standard output. */
export const createLogger = ({ LOG_LEVEL }: Config): Logger =>
  pino({
    level: LOG_LEVEL,
    redact: { paths: PRIVATE.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  });
