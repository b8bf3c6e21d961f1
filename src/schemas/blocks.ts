import { z } from 'zod';
import { bulkBody } from './bulk.ts';
import { at, booleanParam, id, idParam, instant, text } from './common.ts';
import { eventParams } from './events.ts';

/** Those made by hand. */
export const BLOCK_KINDS = ['kill', 'house', 'hold', 'allotment'] as const;
/** Those that there are: places kept for renewals are a matter of their plan setting. */
const ALL_KINDS = [...BLOCK_KINDS, 'renewal'] as const;

export const blockParams = { ...eventParams, block_id: idParam };
export const blocksQuery = {
  kind: z.enum(ALL_KINDS).optional(),
  interface_id: idParam.optional(),
  released: booleanParam.optional().describe('Absent: both those that keep places and those that did.'),
};

const quantity = z.int().min(1).max(1_000_000);

export const NewBlock = z
  .strictObject({
    kind: z
      .enum(BLOCK_KINDS)
      .describe(
        'kill: not to be sold; house: kept by the house; hold: kept for a host; allotment: for one interface or code.',
      ),
    name: text(200),
    note: text(2_000).nullable().optional(),
    seat_ids: z.array(id).min(1).max(5_000).optional(),
    section_id: id.optional().describe('General admission: out of this section, `quantity` places.'),
    quantity: quantity.optional(),
    interface_id: id.nullable().optional(),
    code_id: id.nullable().optional(),
    parent_id: id.nullable().optional().describe('Taken out of this block, and falls back to it.'),
    overflow: z
      .boolean()
      .optional()
      .describe(
        'Once it is used up, its interface or code goes on with general sale. Absent: true for a code alone, else false: the allotment is all that they may sell of its sections.',
      ),
    release_at: instant.nullable().optional().describe('Falls back by itself at this time.'),
  })
  .superRefine((block, check) => {
    const fault = (path: string, message: string) =>
      check.addIssue({ code: 'custom', path: [path], message });
    const general = block.section_id !== undefined || block.quantity !== undefined;
    if (Boolean(block.seat_ids) === general) fault('seat_ids', 'name seats, or a section and a quantity');
    if (!block.seat_ids && general && block.section_id === undefined)
      fault('section_id', 'goes with the quantity');
    if (!block.seat_ids && general && block.quantity === undefined)
      fault('quantity', 'goes with the section');
    const meant = Boolean(block.interface_id ?? block.code_id);
    if (block.kind === 'allotment' && !meant)
      fault('interface_id', 'an allotment is for an interface, a code, or both');
    if (block.kind !== 'allotment' && meant) fault('kind', 'only an allotment is for an interface or a code');
    if (block.kind !== 'allotment' && block.overflow !== undefined)
      fault('overflow', 'goes with an allotment');
    if (block.seat_ids && new Set(block.seat_ids).size !== block.seat_ids.length)
      fault('seat_ids', 'names a seat twice');
  });
export type NewBlock = z.output<typeof NewBlock>;
export const BlocksBulk = bulkBody('blocks', NewBlock);

export const PatchBlock = z.strictObject({
  name: text(200).optional(),
  note: text(2_000).nullable().optional(),
  quantity: quantity
    .optional()
    .describe('General admission: its own places, without those of blocks inside.'),
  overflow: z.boolean().optional(),
  release_at: instant.nullable().optional(),
});
export type PatchBlock = z.output<typeof PatchBlock>;

export const Block = z
  .object({
    id: z.int(),
    event_id: z.int(),
    kind: z.enum(ALL_KINDS),
    name: z.string(),
    note: z.string().nullable(),
    section_ids: z.array(z.int()),
    seat_ids: z.array(z.int()).nullable().describe('Null for general admission.'),
    quantity: z.int().describe('Its own places, without those of blocks inside.'),
    taken: z.int().describe('Of these, held or sold.'),
    available: z.int(),
    interface_id: z.int().nullable(),
    code_id: z.int().nullable(),
    plan_setting_id: z
      .int()
      .nullable()
      .describe('renewal: the plan setting whose subscribers to be may have them.'),
    parent_id: z.int().nullable(),
    overflow: z.boolean(),
    release_at: at.nullable(),
    released_at: at.nullable(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Block' });
