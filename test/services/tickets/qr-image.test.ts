import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { signTicketCode } from '../../../src/services/tickets/code.ts';
import { generateTicketKey } from '../../../src/services/tickets/keys.ts';
import { qrPng, qrSvg, qrTerminal } from '../../../src/services/tickets/qr-image.ts';
import { readQrModules, readQrPng } from '../../helpers/qr.ts';

const key = generateTicketKey(1);
const codes = fc
  .record({
    ticketId: fc.uuid(),
    eventId: fc.integer({ min: 1, max: 2_147_483_647 }),
    serial: fc.integer({ min: 0, max: 65_535 }),
  })
  .map((claims) => signTicketCode(claims, key));
const code = signTicketCode(
  { ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b', eventId: 46, serial: 0 },
  key,
);

/** The modules that an SVG's path draws: `M<x> <y + 0.5>`, `m<dx> 0` and `h<length>`, one unit a module. */
function svgModules(svg: string): boolean[][] {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const path = /<path stroke="#000000" d="([^"]*)"\/>/.exec(svg)?.[1] ?? '';
  const rows = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  let [x, y] = [0, 0];
  for (const [, command, first, second] of path.matchAll(/([Mmh])([\d.]+)(?: ([\d.]+))?/g)) {
    if (command === 'M') [x, y] = [Number(first), Number(second) - 0.5];
    else if (command === 'h') rows[y]?.fill(true, x, x + Number(first));
    if (command !== 'M') x += Number(first);
  }
  return rows;
}

/** The modules on a terminal: each character is two, one above the other, in black on white. */
function terminalModules(text: string): boolean[][] {
  const ink: Record<string, [boolean, boolean]> = {
    ' ': [false, false],
    '▀': [true, false],
    '▄': [false, true],
    '█': [true, true],
  };
  const lines = stripVTControlCharacters(text).split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const pairs = [...line].map((character): [boolean, boolean] => ink[character] ?? [false, false]);
    return [pairs.map(([upper]) => upper), pairs.map(([, lower]) => lower)];
  });
}

describe('a QR code', () => {
  const expected = (text: string) => ({ text, version: 6, modes: ['alphanumeric'] });

  test('as PNG and as SVG reads back, at version 6, for all tickets', async () => {
    await fc.assert(
      fc.asyncProperty(codes, async (each) => {
        expect(readQrPng(await qrPng(each))).toStrictEqual(expected(each));
        expect(readQrModules(svgModules(await qrSvg(each)))).toStrictEqual(expected(each));
      }),
      { numRuns: 25 },
    );
  });

  test('has error correction M', async () => {
    // ISO/IEC 18004, 7.9: the first two modules of the format information, unmasked with 10, are 00 for M.
    const rows = svgModules(await qrSvg(code));
    const quiet = 4;
    const indicator = [0, 1].map((x) => Number(rows[quiet + 8]?.[quiet + x]));
    expect(indicator.map((bit, index) => bit ^ (index === 0 ? 1 : 0))).toStrictEqual([0, 0]);
  });

  test('has room for a suffix of up to 11 characters, and for no more', async () => {
    const rotating = `${code}.1234567890`;
    expect(rotating).toHaveLength(154);
    expect(readQrPng(await qrPng(rotating))).toStrictEqual(expected(rotating));
    await expect(qrSvg(`${rotating}1`)).rejects.toThrow();
    await expect(qrPng(`${rotating}1`)).rejects.toThrow();
    await expect(qrTerminal(`${rotating}1`)).rejects.toThrow();
  });

  test('is not drawn of other characters, and the refusal does not repeat them', async () => {
    for (const text of [code.toLowerCase(), `${code}\n`, '', 'É']) {
      for (const draw of [qrSvg, qrPng, qrTerminal]) {
        await expect(draw(text)).rejects.toThrow(/^A ticket code must be upper-case alphanumeric$/);
      }
    }
  });

  test.each([1, 3, 8, 40])('as PNG is as large as asked, to the pixel: %d a module', async (scale) => {
    const modules = svgModules(await qrSvg(code));
    const { width, height, data } = PNG.sync.read(await qrPng(code, scale));
    expect([width, height]).toStrictEqual([49 * scale, 49 * scale]);
    let wrong = 0;
    for (let pixel = 0; pixel < width * height; pixel++) {
      const dark = modules[Math.floor(pixel / width / scale)]?.[Math.floor((pixel % width) / scale)];
      if (data.readUInt32BE(pixel * 4) !== (dark ? 0x000000ff : 0xffffffff)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test.each([0, -1, 1.5, 41, Number.NaN])('as PNG is refused at %d pixels a module', async (scale) => {
    await expect(qrPng(code, scale)).rejects.toThrow(RangeError);
  });

  test('in the terminal is the same symbol, within a light margin', async () => {
    const drawn = terminalModules(await qrTerminal(code));
    const symbol = svgModules(await qrSvg(code)).slice(4, -4);
    const margin = Array<boolean>(43).fill(false);
    const rows = symbol.map((row) => [false, ...row.slice(4, -4), false]);
    expect(drawn.slice(0, 42)).toStrictEqual([margin, ...rows]); // below it white ink draws the last of the margin
  });
});

describe('the title of an SVG', () => {
  test('is absent unless given', async () => {
    expect(await qrSvg(code)).toMatch(/^<svg role="img" xmlns="[^"]+" viewBox="0 0 49 49" [^<]*><path /);
  });

  test('is text and nothing but text', async () => {
    const svg = await qrSvg(code, { title: '</title><script>"$1 & $&"</script> Zoë, Łukasz 🎭' });
    const escaped = '&lt;/title&gt;&lt;script&gt;&quot;$1 &amp; $&amp;&quot;&lt;/script&gt; Zoë, Łukasz 🎭';
    expect(svg).toContain(`><title>${escaped}</title><path `);
  });

  test('loses what XML cannot hold', async () => {
    const svg = await qrSvg(code, { title: 'a\0b\u000bc\ud800d\ufffee\tf' });
    expect(svg).toContain('<title>abcde\tf</title>');
  });
});
