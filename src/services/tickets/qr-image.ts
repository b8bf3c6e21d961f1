/**
 * Pictures of a ticket code. All are QR codes (ISO/IEC 18004) of version 6, error correction M, alphanumeric
 * mode: the same 41 by 41 modules for every ticket, with or without a suffix, so that print layouts and
 * scanners see one size.
 */
import QRCode, { type QRCodeSegment } from 'qrcode';
import { escapeXml } from '../../text/escape.ts';
import { bilevelPng } from './bilevel-png.ts';

/** The symbol; the library refuses what does not fit it. */
const SYMBOL = { version: 6, errorCorrectionLevel: 'M' } as const;

/** Light modules that the standard asks for on each side. */
const QUIET_ZONE = 4;

/** Characters of the alphanumeric mode. */
const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]+$/;

/** Pixels a module: 49 modules, quiet zone included, are 392 pixels wide by default and 1,960 at most. */
const DEFAULT_SCALE = 8;
const MAX_SCALE = 40;

/**
 * A picture that stays sharp at any size: one path on white, no width of its own.
 *
 * @param code upper case, digits and ` $%*+-./:`, at most 154 characters.
 * @param title read out by screen readers and shown on hover; any text, escaped here.
 * @throws RangeError when the code has other characters; Error when it is too long.
 */
export async function qrSvg(code: string, { title }: { title?: string } = {}): Promise<string> {
  const svg = await QRCode.toString(segments(code), { ...SYMBOL, type: 'svg', margin: QUIET_ZONE });
  const name = title === undefined ? '' : `<title>${escapeXml(title)}</title>`;
  return svg.replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg role="img" ${attributes}>${name}`);
}

/**
 * A black and white PNG, quiet zone included.
 *
 * @param code as for `qrSvg`.
 * @param scale pixels a module, a whole number from 1 to 40; the picture is 49 modules wide.
 * @throws RangeError when the scale is out of range or the code has other characters; Error when it is too
 * long.
 */
export async function qrPng(code: string, scale = DEFAULT_SCALE): Promise<Buffer> {
  if (!Number.isInteger(scale) || scale < 1 || scale > MAX_SCALE) {
    throw new RangeError(`scale must be a whole number from 1 to ${MAX_SCALE}, not ${scale}`);
  }
  return bilevelPng(QRCode.create(segments(code), SYMBOL).modules, QUIET_ZONE, scale);
}

/**
 * Lines for a terminal of at least 43 columns, two modules a character, with ANSI colours: a camera reads it
 * from a dark and from a light screen.
 *
 * @param code as for `qrSvg`.
 * @throws RangeError when the code has other characters; Error when it is too long.
 */
export async function qrTerminal(code: string): Promise<string> {
  return QRCode.toString(segments(code), { ...SYMBOL, type: 'terminal', small: true });
}

/** One segment: the library might mix modes. Checked here, because its own refusal quotes the code. */
function segments(code: string): QRCodeSegment[] {
  if (!ALPHANUMERIC.test(code)) throw new RangeError('A ticket code must be upper-case alphanumeric');
  return [{ data: code, mode: 'alphanumeric' }];
}
