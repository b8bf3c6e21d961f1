/** Every step a ticket can take, as data. Whoever writes a status names the one it comes from, and counts the rows. */
export const TICKET_TRANSITIONS = {
  valid: ['used', 'void', 'transferred'],
  used: ['valid', 'void'], // an entry given back: undone, or left by an exit with re-entry
  void: [],
  transferred: [],
} as const satisfies Record<string, readonly string[]>;

export type TicketStatus = keyof typeof TICKET_TRANSITIONS;

/** Can a ticket go from one state to the other? Staying where it is, it can. */
export const mayBecome = (from: TicketStatus, to: TicketStatus): boolean =>
  from === to || (TICKET_TRANSITIONS[from] as readonly string[]).includes(to);
