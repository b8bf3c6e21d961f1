import { z } from 'zod';
import { at, email, idParam, text } from './common.ts';

const names = { first_name: text(100), last_name: text(100) };
const more = { email: email.nullable(), document_number: text(50).nullable() };

export const GuestCreate = z
  .strictObject({ ...names, ...z.object(more).partial().shape })
  .meta({ id: 'GuestCreate' });
export type GuestCreate = z.output<typeof GuestCreate>;

export const GuestPatch = z
  .strictObject({ ...names, ...more })
  .partial()
  .meta({ id: 'GuestPatch' });
export type GuestPatch = z.output<typeof GuestPatch>;

export const GuestParams = { user_id: idParam, guest_id: idParam };

export const Guest = z
  .object({
    id: z.int(),
    user_id: z.int(),
    first_name: z.string(),
    last_name: z.string(),
    email: z.string().nullable(),
    document_number: z.string().nullable(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Guest' });
export type Guest = z.output<typeof Guest>;
