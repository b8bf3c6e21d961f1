import { createHmac } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context, Idempotency } from '../context.ts';
import { AppError, fieldError } from '../errors.ts';
import { findUsedKey } from '../services/idempotency.ts';
import { serverSecret } from '../services/server-secrets.ts';
import { isDryRun } from './dry-run.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The key this request is the first to use; null without one. */
    idempotency: Idempotency | null;
  }
}

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;

/**
 * Idempotency-Key on changes: a repetition is answered with what the first request was given, through the same hooks.
 * The record itself commits with the effect, in db/transaction.ts.
 */
export function idempotency(app: FastifyInstance): void {
  app.decorateRequest('idempotency', null);

  app.addHook('preHandler', async (request, reply) => {
    const header = request.headers['idempotency-key'];
    const { scopes } = request.declared;
    if (header === undefined || request.method === 'GET' || !scopes || scopes === 'none') return;
    if (isDryRun(request)) return; // no effect to keep an answer of

    const { ctx } = request;
    const key = keyOf(ctx, header);
    const fingerprint = fingerprintOf(await serverSecret(ctx.system, 'idempotency'), ctx, request);
    const used = await findUsedKey(ctx, key);
    if (!used) {
      request.idempotency = ctx.idempotency = { key, fingerprint, state: 'unclaimed' };
      return;
    }
    if (!used.fingerprint.equals(fingerprint)) {
      throw new AppError('idempotency_key_reused', 'This Idempotency-Key was used for another request.');
    }
    if (!used.answered) {
      const detail = 'A request with this Idempotency-Key is still running; try again.';
      throw new AppError('idempotency_in_progress', detail, {}, { 'retry-after': '1' });
    }
    reply.header('idempotent-replayed', 'true');
    const { result, refusal } = used.outcome ?? {};
    if (refusal) throw new AppError(refusal.code, refusal.detail, refusal.facts, refusal.headers);
    return reply.send(result);
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.idempotency?.state === 'unclaimed' && reply.statusCode < 300) {
      // The effect happened and cannot be taken back: it is for us to know, not for the client to suffer.
      request.log.error({ operation: request.declared.operation }, UNKEPT);
    }
    done(null, payload);
  });
}

/** Logged when a use case did its work without keeping its answer under the key. */
export const UNKEPT = 'Idempotency-Key was not kept: the use case ran outside transaction()';

/** Keys are the client's, but users of one client are strangers to each other: each has keys of its own. */
function keyOf(ctx: Context, header: string | string[]): string {
  if (typeof header !== 'string' || !PRINTABLE.test(header)) {
    throw fieldError(
      '/headers/idempotency-key',
      'Idempotency-Key takes 1 to 255 printable ASCII characters.',
    );
  }
  return `${ctx.user_id ?? ''}:${header}`;
}

/**
 * Over method, address, interface and the body as understood: spacing and order of fields do not matter. Bodies may hold
 * passwords: keyed with a secret of the server, so that nobody who reads the table can try out guesses.
 */
function fingerprintOf(secret: string, ctx: Context, { method, url, body, arrived }: FastifyRequest): Buffer {
  const digest = createHmac('sha256', secret).update(`${method} ${url} ${ctx.interface.id}\n`);
  const known = arrived?.digest ?? (Buffer.isBuffer(body) ? body : (JSON.stringify(body) ?? ''));
  return digest.update(known).digest();
}
