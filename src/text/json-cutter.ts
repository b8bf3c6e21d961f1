/** A part of a JSON text: an element that was cut out of it, or the whole without what was cut out. */
export interface JsonPiece {
  /** Which element: `[2]` is the third of the outer list, `[2, 0]` the first of the list within it, `[]` the whole. */
  at: readonly number[];
  /** Its text; elements that were cut out of it stand as `null`. */
  json: Buffer;
}

/** A text that cannot be cut. */
export class UncuttableJson extends Error {
  readonly reason: 'piece_too_large' | 'repeated_name';

  constructor(reason: UncuttableJson['reason']) {
    super(reason);
    this.reason = reason;
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const SIGNS = new Uint8Array(256);
for (const sign of [QUOTE, COMMA, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST]) SIGNS[sign] = 1;
const NULL = Buffer.from('null');

/** What is known of an object whose list is cut, while it is read. */
interface Level {
  parts: Buffer[];
  size: number;
  /** A name of the object comes next, not a value. */
  awaitsName: boolean;
  /** The list that is cut: not begun, about to begin, being read, over. */
  list: 'none' | 'named' | 'open' | 'closed';
  /** Of the list's element that is read. */
  index: number;
}

/**
 * Cuts a large JSON text into pieces while it arrives, so that it is never whole in memory and each piece can be parsed by
 * itself: the objects in the list `path[0]` of the outermost object, those in the list `path[1]` of each of them, and so on.
 * It follows brackets and quotation marks only; whether a piece is JSON is for the parser to say.
 */
export class JsonCutter {
  readonly #path: readonly Buffer[];
  readonly #most: number;
  /** The outermost object, and the elements that are being read within it. */
  readonly #levels: Level[] = [newLevel()];
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** How much of the name that is looked for has been read; -1 when another name or none is being read. */
  #matched = -1;

  /**
   * @param path names of the lists
   * @param most bytes of a piece
   */
  constructor(path: readonly string[], most: number) {
    this.#path = path.map((name) => Buffer.from(name));
    this.#most = most;
  }

  /**
   * Takes what has arrived and gives the pieces that it completes, in the order in which they end.
   * @throws UncuttableJson
   */
  *push(chunk: Buffer): Generator<JsonPiece> {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (this.#inText) {
        this.#readText(byte);
        continue;
      }
      if (!SIGNS[byte]) continue;
      const level = this.#levels.at(-1) as Level;
      const name = this.#path[this.#levels.length - 1];
      const own = 2 * this.#levels.length - 1; // depth of the fields of the element that is read
      if (byte === QUOTE) {
        this.#inText = true;
        if (this.#depth !== own) continue;
        if (level.awaitsName) this.#matched = name ? 0 : -1;
        else if (level.list === 'named') level.list = 'none';
        level.awaitsName = false;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (name && level.list === 'open' && this.#depth === own + 1 && byte === OPEN_OBJECT) {
          this.#keep(level, chunk.subarray(from, i));
          this.#keep(level, NULL);
          this.#levels.push(newLevel());
          from = i;
        } else if (level.list === 'named') {
          level.list = byte === OPEN_LIST && this.#depth === own ? 'open' : 'none';
        }
        this.#depth++;
        if (this.#depth === 1) level.awaitsName = byte === OPEN_OBJECT;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        this.#depth--;
        if (level.list === 'open' && this.#depth === own) level.list = 'closed';
        if (this.#levels.length > 1 && this.#depth === own - 1) {
          this.#keep(level, chunk.subarray(from, i + 1));
          const at = this.#levels.slice(0, -1).map(({ index }) => index);
          this.#levels.pop();
          from = i + 1;
          yield { at, json: joined(level) };
        }
      } else if (byte === COMMA) {
        if (this.#depth === own) {
          level.awaitsName = true;
          if (level.list === 'named') level.list = 'none';
        } else if (level.list === 'open' && this.#depth === own + 1) level.index++;
      }
    }
    this.#keep(this.#levels.at(-1) as Level, chunk.subarray(from));
  }

  /** The whole text without what was cut out; of one that broke off, what there was of it. */
  end(): JsonPiece {
    return { at: [], json: Buffer.concat(this.#levels.flatMap(({ parts }) => parts)) };
  }

  #readText(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) {
      this.#escaped = true;
      this.#matched = -1; // a name written with escapes is not looked for: its list is parsed with the rest
    } else if (byte === QUOTE) {
      this.#inText = false;
      if (this.#matched >= 0) this.#endName();
      return;
    }
    if (this.#matched < 0) return;
    const name = this.#path[this.#levels.length - 1] as Buffer;
    this.#matched = name[this.#matched] === byte ? this.#matched + 1 : -1;
  }

  #endName(): void {
    const level = this.#levels.at(-1) as Level;
    if (this.#matched === this.#path[this.#levels.length - 1]?.length) {
      if (level.list !== 'none') throw new UncuttableJson('repeated_name');
      level.list = 'named';
    }
    this.#matched = -1;
  }

  #keep(level: Level, bytes: Buffer): void {
    if (!bytes.length) return;
    level.size += bytes.length;
    if (level.size > this.#most) throw new UncuttableJson('piece_too_large');
    level.parts.push(bytes);
  }
}

const newLevel = (): Level => ({ parts: [], size: 0, awaitsName: true, list: 'none', index: 0 });

const joined = ({ parts }: Level): Buffer =>
  parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
