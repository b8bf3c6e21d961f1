import type { FastifyInstance } from 'fastify';
import { created, page, written } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam } from '../schemas/common.ts';
import {
  BatchItem,
  Conflict,
  conflictsQuery,
  Manifest,
  manifestQuery,
  OfflineBatch,
} from '../schemas/offline.ts';
import { listConflicts } from '../services/validations/conflicts.ts';
import { getManifest } from '../services/validations/manifest.ts';
import { uploadScans } from '../services/validations/offline.ts';

const DOOR = { tag: 'Validations', scopes: ['admin'] } as const;

/** The door without a connection: what scanners take along, what they bring back, and where they disagree. */
export async function offlineRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/validations/batch',
    {
      ...DOOR,
      operation: 'createValidationBatch',
      summary: 'Upload what a device scanned without a connection',
      description:
        'Up to 1,000 scans, answered one by one. The clock of the device is corrected by `sent_at`. Whom the device let ' +
        'in is inside: the scans of a ticket are put in order of corrected time, the first entries count as far as the ' +
        'ticket has any, and each further one is kept as a double entry (`conflict`), whichever was uploaded first. ' +
        'Batches may come late, out of order and twice.',
      body: OfflineBatch,
      answer: created('validations', BatchItem),
      problems: ['conflict'],
    },
    ({ ctx, body }) => uploadScans(ctx, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/manifest',
    {
      ...DOOR,
      operation: 'getManifest',
      summary: 'Everything a scanner needs to work without a connection, signed',
      description:
        'Public keys, rules, gates and every ticket with its state; with `since`, only tickets that have changed after ' +
        'the manifest of that version. The signature is over the canonical JSON (RFC 8785) of the manifest without its ' +
        'member `signature`, after the text `ticketing-api/manifest` and a zero byte: Ed25519 by the key of that `kid`.',
      params: { event_id: idParam },
      query: manifestQuery,
      answer: written('manifest', Manifest, 'private, no-store'),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => getManifest(ctx, params.event_id, query.since),
  );
  route(
    app,
    'GET',
    '/events/:event_id/validations/conflicts',
    {
      ...DOOR,
      operation: 'listValidationConflicts',
      summary: 'Double entries and other conflicts of gates that worked offline',
      description:
        'Decided by the clock of the gates after its skew is taken off: of two entries on one ticket the earlier counts.',
      params: { event_id: idParam },
      query: conflictsQuery,
      answer: page('conflicts', Conflict),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => listConflicts(ctx, params.event_id, query, page),
  );
}
