import { z } from 'zod';
import { at, email, idParam, text } from './common.ts';

const MIN_PASSWORD_BYTES = 8;

/** bcrypt looks at the first 72 bytes only: a longer password would be as good as its beginning. */
export const MAX_PASSWORD_BYTES = 72;

const bytes = (value: string) => Buffer.byteLength(value);

/** Spaces count, and nothing is cut off: a password is what was typed. */
const newPassword = z
  .string()
  .max(200)
  .refine((value) => bytes(value) >= MIN_PASSWORD_BYTES, `must be at least ${MIN_PASSWORD_BYTES} bytes long`)
  .refine(
    (value) => bytes(value) <= MAX_PASSWORD_BYTES,
    `must be at most ${MAX_PASSWORD_BYTES} bytes in UTF-8: bcrypt would ignore the rest`,
  )
  .describe(`${MIN_PASSWORD_BYTES} to ${MAX_PASSWORD_BYTES} bytes in UTF-8; bcrypt would ignore the rest.`);

const birthDate = z.iso
  .date()
  .refine((date) => date >= '1900-01-01', 'must not be before 1900')
  .refine((date) => date <= new Date().toISOString().slice(0, 10), 'must not be in the future')
  .describe('YYYY-MM-DD');

const name = text(100);

const Preferences = z
  .strictObject({
    newsletter: z.boolean().describe('News of the organiser by e-mail.'),
    reminders: z.boolean().describe('Reminders of events and renewals by e-mail.'),
    accessible_seating: z.boolean().describe('Offer accessible places first.'),
  })
  .partial()
  .describe('What is not given stays as it is.');

const optionalProfile = {
  phone: z
    .string()
    .trim()
    .regex(/^\+?[\d ().-]{4,39}$/, 'must be a phone number')
    .nullable(),
  document_type: text(40).nullable().describe('One of the document_types of GET /resources.'),
  document_number: text(50).nullable(),
  birth_date: birthDate.nullable(),
  locale: z.enum(['en', 'es', 'pt']),
  preferences: Preferences,
};

export const UserCreate = z
  .strictObject({
    email,
    password: newPassword,
    first_name: name,
    last_name: name,
    ...z.object(optionalProfile).partial().shape,
  })
  .meta({ id: 'UserCreate' });

export const UserPatch = z
  .strictObject({
    email: email.describe('A new address counts once it is verified; set by admin, at once.'),
    first_name: name,
    last_name: name,
    ...optionalProfile,
    active: z.boolean().describe('Scope admin only. A user who is not active is signed out everywhere.'),
  })
  .partial()
  .meta({ id: 'UserPatch' });

export const PasswordChange = z
  .strictObject({
    password: z.string().min(1).max(1_000).describe('The one until now.'),
    new_password: newPassword,
  })
  .meta({ id: 'PasswordChange' });

/** What cannot be a code at all is simply not found, and counts as no try. */
const code = (letters: number) =>
  z
    .string()
    .regex(new RegExp(`^(?:[\\s-]*[B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z2-9]){${letters}}$`), 'is not a code');

export const VerificationParams = { user_id: idParam, code: code(8) };

export const EmailVerification = z
  .object({ email: z.string().describe('Where the code goes.'), expires_at: at })
  .meta({ id: 'EmailVerification' });
export type EmailVerification = z.output<typeof EmailVerification>;

export const PasswordResetRequest = z.strictObject({ email }).meta({ id: 'PasswordResetRequest' });

export const PasswordResetAsked = z
  .object({ minutes: z.int().describe('How long a code is good, if there is such an account.') })
  .meta({ id: 'PasswordResetAsked' });
export type PasswordResetAsked = z.output<typeof PasswordResetAsked>;

export const PasswordReset = z.strictObject({ new_password: newPassword }).meta({ id: 'PasswordReset' });

export const ResetParams = { code: code(32) };

export const UserParams = { user_id: idParam };

export const UserQuery = {
  email: z.string().trim().min(1).max(254).optional().describe('The whole address, in any case.'),
  q: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe('Part of a name or an e-mail address, in any case.'),
};

export const User = z
  .object({
    id: z.int(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    phone: z.string().nullable(),
    document_type: z.string().nullable(),
    document_number: z.string().nullable(),
    birth_date: z.string().nullable(),
    locale: z.string(),
    preferences: z.object({
      newsletter: z.boolean().optional(),
      reminders: z.boolean().optional(),
      accessible_seating: z.boolean().optional(),
    }),
    email_verified_at: at.nullable(),
    pending_email: z.string().nullable().describe('A new address that waits for its code.'),
    active: z.boolean(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'User' });
