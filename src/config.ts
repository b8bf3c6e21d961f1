import { z } from 'zod';

const flag = z.enum(['true', 'false', '1', '0']).transform((v) => v === 'true' || v === '1');
const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max));

/** Every setting, with the name of its environment variable. `.env.example` explains each. */
const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole(0, 65_535).default(3000),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Of `npm run demo` only: the server to tell the story against. */
  API_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL: whole(2, 200).default(16),
  DATA_DIR: z.string().min(1).default('.data'),
  SEED: z.enum(['demo', 'reference']).default('demo'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  RATE_LIMIT: whole(1, 1_000_000).default(5_000),
  RATE_LIMIT_IP: whole(1, 1_000_000).default(5_000),
  RATE_LIMIT_LOGIN: whole(1, 1_000_000).default(100),
  ACCESS_TOKEN_SECONDS: whole(60, 86_400).default(3_600),
  REFRESH_TOKEN_DAYS: whole(1, 365).default(30),
  BCRYPT_COST: whole(4, 16).default(12),
  SANDBOX_PAYMENTS: flag.default(true),
  SANDBOX_WEBHOOK_SECRET: z.string().min(16).optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z
    .string()
    .regex(/^(?:[^\s@<>]+@[^\s@<>]+|[^<>]+<[^\s@<>]+@[^\s@<>]+>)$/, 'must be an address, or Name <address>')
    .default('tickets@localhost'),
  APPLE_PASS_CERTIFICATE: z.string().optional(),
  APPLE_PASS_KEY: z.string().optional(),
  APPLE_PASS_KEY_PASSPHRASE: z.string().optional(),
  APPLE_PASS_WWDR: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  EVENT_LOOP_DELAY: whole(50, 60_000).default(1_000),
  TRUST_PROXY: flag.default(false),
  METRICS_PORT: whole(0, 65_535).optional(),
  WORKER: flag.default(true),
  WEBHOOK_PRIVATE_ADDRESSES: flag.default(false),
});

export type Config = Readonly<z.output<typeof Environment>>;

/** A setting that cannot be used; its message is one line for the operator. */
export class ConfigError extends Error {}

/**
 * Reads the environment once. Nothing else in the program looks at process.env.
 * @throws ConfigError naming every wrong setting in one line
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`Wrong setting: ${faults.join('; ')}`);
}
