import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../context.ts';
import { living } from './access-token.ts';
import type { AuthState } from './auth-state.ts';
import type { Snapshot } from './snapshot.ts';

/** How often it is looked whether tokens still stand. What is looked at is read once a second at most. */
const LOOK_MS = 100;

/** Whose request lasts. Without a token (a test, a job) nothing ends it. */
type Holder = Pick<Context, 'token' | 'scopes' | 'interface'>;

export interface Watched {
  /** Aborts when the access ends: token expired or revoked, client or interface stopped, a scope taken away. */
  readonly signal: AbortSignal;
  /** The request is over. */
  release(): void;
}

/**
 * Streams and long polls of this process, that end with the access they were let in by. All of them share the knowledge
 * that requests are judged by (AuthState): at most one query a second, none while nobody listens.
 */
export class AccessWatch {
  readonly #auth: AuthState;
  readonly #held = new Map<AbortController, Holder>();
  #looking = false;

  constructor(auth: AuthState) {
    this.#auth = auth;
  }

  watch(holder: Holder): Watched {
    const controller = new AbortController();
    if (holder.token) {
      this.#held.set(controller, holder);
      if (!this.#looking) void this.#look();
    }
    return { signal: controller.signal, release: () => void this.#held.delete(controller) };
  }

  async #look(): Promise<void> {
    this.#looking = true;
    while (this.#held.size) {
      // A database away for a moment: nobody is told anything meanwhile, and the next look may see it again.
      const snapshot = this.#auth.fresh() ?? (await this.#auth.refresh().catch(() => undefined));
      for (const [controller, holder] of snapshot ? [...this.#held] : [])
        if (!stands(snapshot as Snapshot, holder)) {
          this.#held.delete(controller);
          controller.abort();
        }
      await sleep(LOOK_MS, undefined, { ref: false });
    }
    this.#looking = false;
  }
}

function stands(snapshot: Snapshot, { token, scopes, interface: { id } }: Holder): boolean {
  const access = token && living(snapshot, token);
  if (!access?.client.interfaces.has(String(id))) return false;
  return [...scopes].every((scope) => access.scopes.has(scope));
}
