import { createPublicKey, verify } from 'node:crypto';
import { verifyTicketCode } from '../../src/services/tickets/code.ts';
import { importTicketPublicKeys, type TicketPublicJwk } from '../../src/services/tickets/keys.ts';
import { canonicalJson, type Json } from '../../src/services/validations/canonical-json.ts';

/** The server does not answer: busy, or nobody hears it. */
export class Unavailable extends Error {}

/** How a scanner reaches the server; each may throw Unavailable. */
export interface Api {
  manifest(since?: string): Promise<Manifest>;
  scan(body: object): Promise<{ result: string; reason: string | null }>;
  batch(body: object): Promise<void>;
}

export interface Manifest {
  version: string;
  complete: boolean;
  keys: TicketPublicJwk[];
  rules: Rule[];
  columns: string[];
  tickets: (string | number | null)[][];
  signature: { kid: string; value: string };
  [member: string]: unknown;
}

interface Rule {
  ticket_type_id: number | null;
  re_entry: boolean;
  max_entries: number;
}

interface Known {
  serial: number;
  ticket_type_id: number | null;
  status: string;
  entries: number;
  inside: number;
}

/** Does the key that the manifest names have signed it? Written as an integrator would, from the documentation alone. */
export function manifestHolds({ signature, ...signed }: Manifest, keys: readonly TicketPublicJwk[]): boolean {
  const { kty, crv, x } = keys.find(({ kid }) => kid === signature.kid) as TicketPublicJwk;
  const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  const text = `ticketing-api/manifest\0${canonicalJson(signed as unknown as Json)}`;
  return verify(null, Buffer.from(text), key, Buffer.from(signature.value, 'base64url'));
}

/** What a gate does to one bearer of a code. */
export interface Passage {
  nonce: string;
  passed: boolean;
  online: boolean;
}

/** A device at a gate: it has a clock of its own, a manifest, and a connection that comes and goes. */
export class Scanner {
  readonly name: string;
  online = true;
  readonly #api: Api;
  readonly #event_id: number;
  /** What its clock is ahead of ours, in milliseconds. */
  readonly #skew: number;
  readonly #known = new Map<string, Known>();
  #rules = new Map<number | null, Rule>();
  #keys: ReturnType<typeof importTicketPublicKeys> = new Map();
  #version: string | undefined;
  #queue: object[] = [];
  #scans = 0;

  constructor(name: string, event_id: number, skew: number, api: Api) {
    this.name = name;
    this.#event_id = event_id;
    this.#skew = skew;
    this.#api = api;
  }

  #now = (): Date => new Date(Date.now() + this.#skew);

  async sync(): Promise<void> {
    const manifest = await this.#api.manifest(this.#version).catch(unlessUnavailable);
    if (!manifest) return;
    if (!manifestHolds(manifest, manifest.keys)) throw new Error(`${this.name}: the manifest is not signed`);
    if (manifest.complete) this.#known.clear();
    this.#version = manifest.version;
    this.#keys = importTicketPublicKeys(manifest.keys);
    this.#rules = new Map(manifest.rules.map((rule) => [rule.ticket_type_id, rule]));
    for (const row of manifest.tickets) {
      const ticket = Object.fromEntries(manifest.columns.map((column, i) => [column, row[i]]));
      this.#known.set(ticket.id as string, ticket as unknown as Known);
    }
  }

  /**
   * Somebody holds up a code.
   * @param lost the server is asked, but its answer does not arrive: the device decides by itself and tells it later
   */
  async present(code: string, direction: 'entry' | 'exit', lost = false): Promise<Passage> {
    const nonce = `${this.name}-${this.#scans++}`;
    const scan = { qr_code: code, event_id: this.#event_id, direction, nonce };
    if (this.online) {
      const { result } = (await this.#api.scan(scan).catch(unlessUnavailable)) ?? {};
      if (result && !lost) {
        if (result === 'accepted') this.#move(code, direction);
        return { nonce, passed: result === 'accepted', online: true };
      }
    }
    const passed = this.#decide(code, direction);
    this.#queue.push({
      ...scan,
      scanned_at: this.#now().toISOString(),
      result: passed ? 'accepted' : 'rejected',
      ...(!passed && { reason: direction === 'entry' ? 'already_used' : 'not_inside' }),
    });
    if (passed) this.#move(code, direction);
    return { nonce, passed, online: false };
  }

  /** Sends what it has kept, newest first now and then, and again what it is not sure of; the rest next time. */
  async flush(dice: () => number): Promise<void> {
    const queue = this.#queue.splice(0);
    if (dice() < 0.3) queue.reverse();
    for (let from = 0; from < queue.length; from += 1_000) {
      const scans = queue.slice(from, from + 1_000);
      const send = () => this.#api.batch({ device_id: this.name, sent_at: this.#now().toISOString(), scans });
      try {
        await send();
        if (dice() < 0.2) await send();
      } catch (error) {
        unlessUnavailable(error);
        this.#queue.unshift(...queue.slice(from));
        return;
      }
    }
  }

  /** Scans that nobody has heard of yet. */
  get unsent(): number {
    return this.#queue.length;
  }

  #ticket(code: string): { known: Known; rule: Rule } | undefined {
    const claims = verifyTicketCode(code, this.#keys);
    const known = claims && this.#known.get(claims.ticketId);
    const rule = this.#rules.get(known?.ticket_type_id ?? null);
    return known && rule && known.serial === claims.serial ? { known, rule } : undefined;
  }

  #decide(code: string, direction: 'entry' | 'exit'): boolean {
    const ticket = this.#ticket(code);
    if (!ticket || !['valid', 'used'].includes(ticket.known.status)) return false;
    // Who leaves is not held back by a gate that has not heard of the entry.
    return direction === 'exit' || ticket.known.entries < ticket.rule.max_entries;
  }

  #move(code: string, direction: 'entry' | 'exit'): void {
    const ticket = this.#ticket(code);
    if (!ticket) return;
    const { known, rule } = ticket;
    if (direction === 'entry') {
      known.entries = Math.min(rule.max_entries, known.entries + 1);
      known.inside++;
    } else {
      if (rule.re_entry) known.entries = Math.max(0, known.entries - 1);
      known.inside = Math.max(0, known.inside - 1);
    }
  }
}

function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof Unavailable)) throw error;
}
