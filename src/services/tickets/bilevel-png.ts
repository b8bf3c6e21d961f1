/**
 * Black and white PNG (ISO/IEC 15948) of a grid of squares, at one bit a pixel. Ours because the PNG writer
 * that the QR library brings holds the event loop for 25 ms a ticket: 4 bytes a pixel, every filter tried on
 * every line.
 */
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The filter that each line of pixels begins with: as it is, or as its difference from the line above. */
const FILTER_NONE = 0;
const FILTER_UP = 2;

const compress = promisify(deflate);

/** A square grid: `size` rows of `size` squares; anything but 0 is dark. */
export interface Grid {
  readonly size: number;
  readonly data: ArrayLike<number>;
}

/**
 * Draws a grid, compressing off the event loop.
 *
 * @param margin light squares on each side.
 * @param scale pixels a square, a whole number from 1.
 */
export async function bilevelPng(grid: Grid, margin: number, scale: number): Promise<Buffer> {
  const squares = grid.size + 2 * margin;
  const width = squares * scale;
  const header = Buffer.alloc(13); // its last three bytes are 0: deflate, the five filters, not interlaced
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(width, 4);
  header.writeUInt8(1, 8); // bits a pixel
  header.writeUInt8(0, 9); // greyscale

  const repeat = Buffer.alloc(1 + Math.ceil(width / 8));
  repeat.writeUInt8(FILTER_UP);
  const lines: Buffer[] = [];
  for (let row = -margin; row < grid.size + margin; row++) {
    lines.push(drawLine(grid, row, margin, scale, repeat.length));
    for (let again = 1; again < scale; again++) lines.push(repeat);
  }
  const pixels = await compress(Buffer.concat(lines));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** One line through a row of squares; rows before the first and after the last are margin. */
function drawLine({ size, data }: Grid, row: number, margin: number, scale: number, length: number): Buffer {
  const line = Buffer.alloc(length, 0xff);
  line.writeUInt8(FILTER_NONE);
  if (row < 0 || row >= size) return line;
  for (let x = 0; x < size * scale; x++) {
    if (!data[row * size + Math.floor(x / scale)]) continue;
    const pixel = margin * scale + x;
    const at = 1 + (pixel >> 3);
    line.writeUInt8(line.readUInt8(at) & ~(0x80 >> (pixel & 7)), at);
  }
  return line;
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
