import type { FastifyInstance } from 'fastify';
import { empty, one, page, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { eventParams } from '../schemas/events.ts';
import {
  entriesQuery,
  entryParams,
  JoinWaitlist,
  PatchEntry,
  PatchWaitlist,
  WaitlistEntry,
  WaitlistLogEntry,
  WaitlistSettings,
  WaitlistSummary,
} from '../schemas/waitlist.ts';
import { declineOffer, leaveWaitlist } from '../services/waitlist/end.ts';
import { joinWaitlist } from '../services/waitlist/join.ts';
import { changeEntry, offerByHand } from '../services/waitlist/manage.ts';
import { getEntry, listEntries, listLog } from '../services/waitlist/read.ts';
import { getSettings, updateSettings } from '../services/waitlist/settings.ts';
import { summarize } from '../services/waitlist/summary.ts';

const tag = 'Waiting list';
const PARTY = { tag, scopes: ['buy', 'sell'], params: entryParams } as const;
const STAFF = { tag, scopes: ['admin'], params: eventParams, problems: ['not_found'] } as const;
const entry = one('waitlist_entry', WaitlistEntry);

/** Waiting lists of events. What is offered to a party is a cart: its payment is in payments.ts. */
export async function waitlistRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/events/:event_id/waitlist',
    {
      operation: 'joinWaitlist',
      summary: 'Join the waiting list of an event',
      description:
        'For what cannot be bought at this moment. When places for the whole party come free, a cart with them is ' +
        'offered until a deadline: it is paid as any other. One live entry a person and event.',
      tag,
      scopes: ['buy', 'sell'],
      params: eventParams,
      body: JoinWaitlist,
      answer: one('waitlist_entry', WaitlistEntry, {
        status: 201,
        location: ({ id, event_id }) => `/events/${event_id}/waitlist/${id}`,
      }),
      problems: ['not_found', 'conflict', 'not_on_sale'],
    },
    ({ ctx, params, body }) => joinWaitlist(ctx, params.event_id, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/waitlist',
    {
      operation: 'listWaitlist',
      summary: 'List the parties of a waiting list; users see their own entries',
      tag,
      scopes: ['buy', 'sell', 'admin'],
      params: eventParams,
      query: entriesQuery,
      answer: page('waitlist_entries', WaitlistEntry),
      problems: ['not_found', 'user_required'],
    },
    ({ ctx, params, query, page }) => listEntries(ctx, params.event_id, query, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id/waitlist/summary',
    {
      ...STAFF,
      scopes: ['sell', 'admin'],
      operation: 'getWaitlistSummary',
      summary: 'Sum up a waiting list: who waits, and why they were passed over',
      answer: one('waitlist_summary', WaitlistSummary),
    },
    ({ ctx, params }) => summarize(ctx, params.event_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/waitlist/settings',
    {
      ...STAFF,
      operation: 'getWaitlistSettings',
      summary: 'Read the settings of a waiting list',
      answer: one('waitlist_settings', WaitlistSettings),
    },
    ({ ctx, params }) => getSettings(ctx, params.event_id),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/waitlist/settings',
    {
      ...STAFF,
      operation: 'updateWaitlistSettings',
      summary: 'Change the settings of a waiting list',
      body: PatchWaitlist,
      ifMatch: true,
      answer: one('waitlist_settings', WaitlistSettings),
    },
    ({ ctx, params, body }) => updateSettings(ctx, params.event_id, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/waitlist/:waitlist_entry_id',
    {
      ...PARTY,
      scopes: ['buy', 'sell', 'admin'],
      operation: 'getWaitlistEntry',
      summary: 'Read an entry: its place in the line, or its offer',
      answer: entry,
      problems: ['not_found'],
    },
    ({ ctx, params }) => getEntry(ctx, params.event_id, params.waitlist_entry_id),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/waitlist/:waitlist_entry_id',
    {
      ...PARTY,
      scopes: ['admin'],
      operation: 'updateWaitlistEntry',
      summary: 'Move a party forward or back in the line',
      body: PatchEntry,
      ifMatch: true,
      answer: entry,
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => changeEntry(ctx, params.event_id, params.waitlist_entry_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/waitlist/:waitlist_entry_id',
    {
      ...PARTY,
      scopes: ['buy', 'sell', 'admin'],
      operation: 'leaveWaitlist',
      summary: 'Leave the waiting list; what is on offer goes to the next',
      ifMatch: true,
      answer: empty(),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => leaveWaitlist(ctx, params.event_id, params.waitlist_entry_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/waitlist/:waitlist_entry_id/decline',
    {
      ...PARTY,
      operation: 'declineWaitlistOffer',
      summary: 'Decline what is on offer: it goes to the next',
      answer: entry,
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => declineOffer(ctx, params.event_id, params.waitlist_entry_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/waitlist/:waitlist_entry_id/offer',
    {
      ...PARTY,
      scopes: ['admin'],
      operation: 'offerToWaitlistEntry',
      summary: 'Offer to a party now, whoever is before it',
      answer: entry,
      problems: ['not_found', 'conflict', 'sold_out'],
    },
    ({ ctx, params }) => offerByHand(ctx, params.event_id, params.waitlist_entry_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/waitlist/:waitlist_entry_id/log',
    {
      ...PARTY,
      scopes: ['sell', 'admin'],
      operation: 'listWaitlistLog',
      summary: 'What became of a party and why it was passed over, oldest first',
      answer: whole('waitlist_log', WaitlistLogEntry),
      problems: ['not_found'],
    },
    ({ ctx, params }) => listLog(ctx, params.event_id, params.waitlist_entry_id),
  );
}
