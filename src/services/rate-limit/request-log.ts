/** Up to 16 offsets V8 keeps inside the array object, without a buffer of its own. */
const SMALLEST_RING = 8;
const LARGEST_OFFSET = 0xffff_ffff;

/**
 * The times of one key's counted requests, oldest first: a ring of 32-bit millisecond offsets, 4 bytes a
 * request. Times are whole epoch ms and never decrease from one entry to the next.
 */
export class RequestLog {
  #base = 0;
  #ring = new Uint32Array(SMALLEST_RING);
  #head = 0;
  #size = 0;

  /** Bytes its ring takes. */
  get bytes(): number {
    return this.#ring.byteLength;
  }

  /** The time of the i-th oldest request, 0 ≤ i < size. */
  at(i: number): number {
    return this.#base + this.#offset(i);
  }

  /**
   * Forgets what has expired at `now`, and moves what lies after it (the clock was set back) to it.
   *
   * @returns how many requests count
   */
  settle(now: number, windowMs: number): number {
    if (this.#size > 0 && this.at(this.#size - 1) > now) this.#pullBack(now);
    while (this.#size > 0 && now - this.at(0) >= windowMs) {
      this.#head = this.#head + 1 === this.#ring.length ? 0 : this.#head + 1;
      this.#size -= 1;
    }
    // A burst must not hold its memory for as long as the key goes on at a slower pace.
    if (this.#size * 4 <= this.#ring.length && this.#ring.length > SMALLEST_RING) {
      this.#resize(Math.max(this.#size * 2, SMALLEST_RING));
    }
    return this.#size;
  }

  /** Adds a request made at `now`, to a log settled at `now` that holds fewer than `limit`. */
  push(now: number, limit: number): void {
    if (this.#size === 0) this.#base = now;
    else if (now - this.#base > LARGEST_OFFSET) this.#rebase();
    const capacity = this.#ring.length;
    if (this.#size === capacity) this.#resize(Math.min(capacity * 2, limit));
    this.#size += 1;
    this.#ring[this.#index(this.#size - 1)] = now - this.#base;
  }

  #index(i: number): number {
    const index = this.#head + i;
    return index < this.#ring.length ? index : index - this.#ring.length;
  }

  #offset(i: number): number {
    return this.#ring[this.#index(i)] as number;
  }

  #pullBack(now: number): void {
    if (now < this.#base) {
      this.#base = now;
      this.#ring.fill(0);
      return;
    }
    for (let i = this.#size - 1; i >= 0 && this.at(i) > now; i -= 1) {
      this.#ring[this.#index(i)] = now - this.#base;
    }
  }

  /** A key busy for 49.7 days on end outgrows its offsets: count them from its oldest request instead. */
  #rebase(): void {
    const shift = this.#offset(0);
    this.#base += shift;
    for (let i = 0; i < this.#size; i += 1) this.#ring[this.#index(i)] = this.#offset(i) - shift;
  }

  #resize(capacity: number): void {
    const ring = new Uint32Array(capacity);
    for (let i = 0; i < this.#size; i += 1) ring[i] = this.#offset(i);
    this.#ring = ring;
    this.#head = 0;
  }
}
