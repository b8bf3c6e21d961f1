import { z } from 'zod';
import { at, id, idParam, text } from './common.ts';

const fields = {
  label: text(60).nullable().describe('What its owner calls it.'),
  line1: text(200),
  line2: text(200).nullable(),
  city: text(100),
  postal_code: text(20).nullable(),
  country_id: id,
  state_id: id.nullable().describe('One of GET /countries/{country_id}/states.'),
  default: z
    .boolean()
    .describe('true makes it the default in the place of another. The first address is the default anyway.'),
};

const { label, line2, postal_code, state_id } = fields;

export const AddressCreate = z
  .strictObject({
    ...fields,
    ...z.object({ label, line2, postal_code, state_id, default: fields.default }).partial().shape,
  })
  .meta({ id: 'AddressCreate' });
export type AddressCreate = z.output<typeof AddressCreate>;

export const AddressPatch = z.strictObject(fields).partial().meta({ id: 'AddressPatch' });
export type AddressPatch = z.output<typeof AddressPatch>;

export const AddressParams = { user_id: idParam, address_id: idParam };

export const Address = z
  .object({
    id: z.int(),
    user_id: z.int(),
    label: z.string().nullable(),
    line1: z.string(),
    line2: z.string().nullable(),
    city: z.string(),
    postal_code: z.string().nullable(),
    country_id: z.int(),
    state_id: z.int().nullable(),
    default: z.boolean(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Address' });
export type Address = z.output<typeof Address>;
