import { base32nopad } from '@scure/base';
import { LRUCache } from 'lru-cache';
import { type Database, statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import { isSignedBy, readTicketCode, signTicketCode, type TicketClaims } from './code.ts';
import {
  exportTicketPrivateJwk,
  exportTicketPublicJwk,
  generateTicketKey,
  importTicketKey,
  signInPool,
  type TicketKey,
  type TicketPublicJwk,
} from './keys.ts';
import { eventKeyOf, isTimely, partsOf, rotationKeyOf, ticketSecretOf, timeCode } from './rotation.ts';

/** After so long the keys are read again, so that a rotation by another process is followed. */
const FRESH_MS = 60_000;

/** Codes that a process remembers of a company: half a kilobyte each. */
const CODES = 20_000;

/**
 * Makes the code of a ticket as it stands. Asks the database nothing: good inside transactions.
 * @param at of a ticket whose codes rotate: the moment that it is shown
 */
export type TicketSigner = (claims: TicketClaims, at?: Date) => string;

/** A key with what rotating codes are derived from. */
interface RingKey extends TicketKey {
  readonly rotation: Buffer;
}

interface Ring {
  readAt: number;
  /** Every key of the company: retired ones verify for ever. */
  keys: ReadonlyMap<number, RingKey>;
  /** The newest that is not retired. */
  signing: RingKey | undefined;
}

interface KeyRow {
  private_jwk: unknown;
  retired: boolean;
}

const READ = statement(
  'ticket_keys',
  `SELECT private_jwk, retired_at IS NOT NULL AS retired FROM ticket_key WHERE company_id = $1 ORDER BY number`,
);
const LOCK = statement('ticket_key_lock', `SELECT pg_advisory_xact_lock(hashtextextended('ticket_key', $1))`);
const NEXT = statement(
  'ticket_key_next',
  'SELECT coalesce(max(number), 0) + 1 AS number FROM ticket_key WHERE company_id = $1',
);
const INSERT = statement(
  'ticket_key_insert',
  'INSERT INTO ticket_key (company_id, number, private_jwk, public_jwk) VALUES ($1, $2, $3, $4)',
);
const RETIRE = statement(
  'ticket_key_retire',
  'UPDATE ticket_key SET retired_at = now() WHERE company_id = $1 AND retired_at IS NULL',
);

/**
 * The keys that sign the tickets of each company, remembered by the process. The private halves stay in here: what
 * leaves are codes, verdicts and public keys.
 */
export class TicketKeyring {
  readonly #db: Database;
  readonly #rings = new Map<number, Ring>();
  /** Codes made, by company, then by key, ticket, event and serial. */
  readonly #made = new Map<number, LRUCache<string, string>>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** What makes the codes of a company's tickets, by its newest key; who first asks makes that key. */
  async signer(company_id: number): Promise<TicketSigner> {
    const key = (await this.#fresh(company_id)).signing ?? (await this.#firstKey(company_id));
    const made = this.#madeFor(company_id);
    return (claims, at) => {
      const { ticketId, eventId, serial } = claims;
      const name = `${key.number} ${ticketId} ${eventId} ${serial}`;
      let code = made.get(name);
      if (!code) {
        code = signTicketCode(claims, key);
        made.set(name, code);
      }
      return at ? `${code}.${timeCode(secretBy(key, claims), at)}` : code;
    };
  }

  /**
   * What a code says, when a key of the company signed it.
   *
   * @param text digits of a rotating code behind it do no harm
   * @returns undefined for anything that the company has not signed. The rest is for the caller to ask: does the ticket
   *   exist, has it still this serial?
   */
  async prove(company_id: number, text: string): Promise<TicketClaims | undefined> {
    return (await this.#proved(company_id, partsOf(text).token))?.claims;
  }

  /**
   * The same for a code that rotates, and whether it is the one of a moment: a picture of it is not.
   */
  async proveTimely(
    company_id: number,
    text: string,
    at: Date,
  ): Promise<{ claims: TicketClaims; timely: boolean } | undefined> {
    const { token, digits } = partsOf(text);
    const proved = await this.#proved(company_id, token);
    if (!proved) return undefined;
    const { claims, key } = proved;
    return { claims, timely: digits !== undefined && isTimely(secretBy(key, claims), digits, at) };
  }

  /**
   * What a device of the owner makes the codes of a ticket of that rotate, with no network: what is signed, and the secret
   * of the digits (base32). Both by the newest key.
   */
  async seedOf(company_id: number, claims: TicketClaims): Promise<{ token: string; secret: string }> {
    const key = (await this.#fresh(company_id)).signing ?? (await this.#firstKey(company_id));
    const token = signTicketCode(claims, key);
    return { token, secret: base32nopad.encode(secretBy(key, claims)) };
  }

  /** What scanners tell the rotating codes of an event by, one for each key that may have signed a ticket. Secret. */
  async eventKeys(company_id: number, event_id: number): Promise<{ kid: string; secret: string }[]> {
    const { keys } = await this.#fresh(company_id);
    return [...keys.values()].map(({ number, rotation }) => ({
      kid: String(number),
      secret: eventKeyOf(rotation, event_id).toString('base64url'),
    }));
  }

  /**
   * Signs a text for scanners to trust, by the newest key of the company; they have the public ones.
   * @param purpose goes before what is signed, so that no signature can pass for one made for another purpose
   */
  async attest(company_id: number, purpose: string, text: string): Promise<{ kid: string; value: string }> {
    const key = (await this.#fresh(company_id)).signing ?? (await this.#firstKey(company_id));
    const signature = await signInPool(null, Buffer.from(`${purpose}\0${text}`), key.privateKey);
    return { kid: String(key.number), value: signature.toString('base64url') };
  }

  /** The public keys, oldest first: what a scanner needs to verify codes with no network. */
  async publicJwks(company_id: number): Promise<TicketPublicJwk[]> {
    const { keys } = await this.#fresh(company_id);
    return [...keys.values()].map(exportTicketPublicJwk);
  }

  /**
   * Makes a new key, which signs from now on. Codes of earlier keys stay good.
   * @returns its number
   */
  async rotate(company_id: number): Promise<number> {
    const number = await inTransaction(this.#db, async (tx) => {
      await tx.query(LOCK, [company_id]);
      await tx.execute(RETIRE, [company_id]);
      return insertKey(tx, company_id);
    });
    await this.#read(company_id);
    return number;
  }

  async #proved(
    company_id: number,
    token: string,
  ): Promise<{ claims: TicketClaims; key: RingKey } | undefined> {
    const code = readTicketCode(token);
    const key = code && (await this.#numbered(company_id, code.keyNumber));
    if (!key || !(await isSignedBy(code, key))) return undefined;
    const { ticketId, eventId, serial } = code;
    return { claims: { ticketId, eventId, serial }, key };
  }

  #madeFor(company_id: number): LRUCache<string, string> {
    let made = this.#made.get(company_id);
    if (!made) {
      made = new LRUCache({ max: CODES });
      this.#made.set(company_id, made);
    }
    return made;
  }

  async #firstKey(company_id: number): Promise<RingKey> {
    await inTransaction(this.#db, async (tx) => {
      await tx.query(LOCK, [company_id]); // of processes that come together one makes it, the others find it
      const rows = await tx.query<KeyRow>(READ, [company_id]);
      if (rows.every(({ retired }) => retired)) await insertKey(tx, company_id);
    });
    const { signing } = await this.#read(company_id);
    if (!signing) throw new Error(`company ${company_id} has no ticket key`);
    return signing;
  }

  /** A key that this process has not seen was made by another: the code names it, so it exists by now, or never. */
  async #numbered(company_id: number, number: number): Promise<RingKey | undefined> {
    const known = this.#rings.get(company_id)?.keys.get(number);
    return known ?? (await this.#read(company_id)).keys.get(number);
  }

  async #fresh(company_id: number): Promise<Ring> {
    const known = this.#rings.get(company_id);
    return known && performance.now() - known.readAt < FRESH_MS ? known : this.#read(company_id);
  }

  async #read(company_id: number): Promise<Ring> {
    const readAt = performance.now();
    const rows = await this.#db.query<KeyRow>(READ, [company_id]);
    const keys = rows.map(({ private_jwk, retired }) => ({ key: ringKey(private_jwk), retired }));
    const ring: Ring = {
      readAt,
      keys: new Map(keys.map(({ key }) => [key.number, key])),
      signing: keys.findLast(({ retired }) => !retired)?.key,
    };
    this.#rings.set(company_id, ring);
    return ring;
  }
}

function ringKey(jwk: unknown): RingKey {
  const key = importTicketKey(jwk);
  return { ...key, rotation: rotationKeyOf(key.privateKey) };
}

const secretBy = ({ rotation }: RingKey, claims: TicketClaims): Buffer =>
  ticketSecretOf(eventKeyOf(rotation, claims.eventId), claims);

async function insertKey(tx: Tx, company_id: number): Promise<number> {
  const [next] = await tx.query<{ number: number }>(NEXT, [company_id]);
  const key = generateTicketKey(next?.number ?? 1);
  await tx.execute(INSERT, [company_id, key.number, exportTicketPrivateJwk(key), exportTicketPublicJwk(key)]);
  return key.number;
}
