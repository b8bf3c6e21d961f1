import type { MailTemplate } from './template.ts';
import { courtesy } from './templates/courtesy.ts';
import { emailChanged } from './templates/email-changed.ts';
import { passwordChanged } from './templates/password-changed.ts';
import { passwordReset } from './templates/password-reset.ts';
import { seasonDate } from './templates/season-date.ts';
import { seasonRenewal } from './templates/season-renewal.ts';
import { subscriptionReminder } from './templates/subscription-reminder.ts';
import { subscriptionUnpaid } from './templates/subscription-unpaid.ts';
import { ticketTransfer } from './templates/ticket-transfer.ts';
import { tickets } from './templates/tickets.ts';
import { transferAnswered } from './templates/transfer-answered.ts';
import { verifyEmail } from './templates/verify-email.ts';
import { waitlistOffer } from './templates/waitlist-offer.ts';

/** Every kind of mail by the name it is enqueued under; one file each. A name in use must not change its data. */
export const TEMPLATES = {
  verify_email: verifyEmail,
  password_reset: passwordReset,
  password_changed: passwordChanged,
  email_changed: emailChanged,
  tickets,
  ticket_transfer: ticketTransfer,
  transfer_answered: transferAnswered,
  courtesy,
  season_date: seasonDate,
  season_renewal: seasonRenewal,
  subscription_reminder: subscriptionReminder,
  subscription_unpaid: subscriptionUnpaid,
  waitlist_offer: waitlistOffer,
} satisfies Record<string, MailTemplate<never>>;

export type TemplateName = keyof typeof TEMPLATES;

/** What a template must be told. */
export type DataOf<Name extends TemplateName> =
  (typeof TEMPLATES)[Name] extends MailTemplate<infer Data> ? Data : never;
