import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { BULK, results } from '../routing/bulk.ts';
import { route } from '../routing/route.ts';
import { Block, BlocksBulk, blockParams, blocksQuery, NewBlock, PatchBlock } from '../schemas/blocks.ts';
import { eventParams } from '../schemas/events.ts';
import { getBlock, listBlocks } from '../services/blocks/read.ts';
import { createBlock, createBlocks, deleteBlock, patchBlock } from '../services/blocks/write.ts';

const STAFF = { tag: 'Management', scopes: ['sell', 'admin'] } as const;
const taken = ['seats_unavailable', 'sold_out', 'conflict'] as const;

/** Blocks and allotments: stock out of sale, or kept for whom it is meant. */
export async function blockRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/events/:event_id/blocks',
    {
      ...STAFF,
      operation: 'createBlock',
      summary: 'Take seats or places out of sale, or allot them',
      description:
        'Seats, or a quantity of a section of general admission; what is sold, held or blocked is refused by name. With `parent_id` they come out of that block and fall back to it.',
      params: eventParams,
      body: NewBlock,
      answer: one('block', Block, {
        status: 201,
        location: (block) => `/events/${block.event_id}/blocks/${block.id}`,
      }),
      problems: ['not_found', ...taken],
    },
    ({ ctx, params, body }) => createBlock(ctx, params.event_id, body),
  );
  route(
    app,
    'POST',
    '/events/:event_id/blocks/bulk',
    {
      ...STAFF,
      operation: 'createBlocks',
      summary: 'Make many blocks at once',
      description: BULK,
      params: eventParams,
      body: BlocksBulk,
      answer: results('block', Block),
      problems: ['not_found', ...taken],
    },
    ({ ctx, params, body }) => createBlocks(ctx, params.event_id, body.mode, body.blocks),
  );
  route(
    app,
    'GET',
    '/events/:event_id/blocks',
    {
      ...STAFF,
      operation: 'listBlocks',
      summary: 'Blocks and allotments of an event, released ones too',
      params: eventParams,
      query: blocksQuery,
      answer: page('blocks', Block),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => listBlocks(ctx, params.event_id, query, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id/blocks/:block_id',
    {
      ...STAFF,
      operation: 'getBlock',
      summary: 'One block',
      params: blockParams,
      answer: one('block', Block),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getBlock(ctx, params.event_id, params.block_id),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/blocks/:block_id',
    {
      ...STAFF,
      operation: 'changeBlock',
      summary: 'Change name, note, time of release, overflow or size of a block',
      params: blockParams,
      body: PatchBlock,
      ifMatch: true,
      answer: one('block', Block),
      problems: ['not_found', 'sold_out', 'conflict'],
    },
    ({ ctx, params, body }) => patchBlock(ctx, params.event_id, params.block_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/blocks/:block_id',
    {
      ...STAFF,
      operation: 'releaseBlock',
      summary: 'Release a block: what is left goes to the block around it, else on sale',
      params: blockParams,
      ifMatch: true,
      answer: empty(),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => deleteBlock(ctx, params.event_id, params.block_id),
  );
}
