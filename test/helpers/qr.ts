import jsqr from 'jsqr';
import { PNG } from 'pngjs';

/** What a QR code said, and how it was drawn. */
export interface ReadQr {
  text: string;
  version: number;
  /** Of each segment: numeric, alphanumeric, byte, … */
  modes: string[];
}

/** Reads the QR code in a PNG as a camera would, by an independent library. */
export function readQrPng(png: Buffer): ReadQr | undefined {
  const { data, width, height } = PNG.sync.read(png);
  return read(new Uint8ClampedArray(data), width, height);
}

/**
 * Reads the QR code in a grid of modules, drawn large on white.
 *
 * @param rows true is dark.
 */
export function readQrModules(rows: boolean[][]): ReadQr | undefined {
  const scale = 4;
  const around = 8;
  const width = ((rows[0]?.length ?? 0) + 2 * around) * scale;
  const height = (rows.length + 2 * around) * scale;
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = rows[Math.floor(y / scale) - around];
      if (row?.[Math.floor(x / scale) - around]) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return read(pixels, width, height);
}

function read(pixels: Uint8ClampedArray, width: number, height: number): ReadQr | undefined {
  const found = jsqr.default(pixels, width, height, { inversionAttempts: 'dontInvert' });
  if (!found) return undefined;
  return { text: found.data, version: found.version, modes: found.chunks.map((chunk) => chunk.type) };
}
