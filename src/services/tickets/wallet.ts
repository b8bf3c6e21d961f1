import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Config, ConfigError } from '../../config.ts';
import type { Context } from '../../context.ts';
import { AppError, type Language } from '../../errors.ts';
import { bilevelPng, type Grid } from './bilevel-png.ts';
import { rotates } from './carry.ts';
import { isPrintable, type PrintableSheet } from './pdf.ts';
import { readTicket } from './row.ts';
import { sheetOfTicket } from './sheet.ts';
import { momentIn, TICKET_WORDS, timeIn } from './words.ts';

/** What passes are signed by: the certificate of an Apple developer for passes of one kind. */
export interface PassSigner {
  /** `pass.com.example.tickets`, as the certificate says. */
  passTypeIdentifier: string;
  teamIdentifier: string;
  certificates: { wwdr: string; signerCert: string; signerKey: string };
}

const SETTINGS = ['APPLE_PASS_CERTIFICATE', 'APPLE_PASS_KEY', 'APPLE_PASS_WWDR'] as const;

/**
 * Reads the files that passes are signed by.
 * @returns undefined when none is set
 * @throws ConfigError in one line, when some are missing or do not belong together; the system's error for an unreadable file
 */
export function openPassSigner(config: Config): PassSigner | undefined {
  const missing = SETTINGS.filter((name) => config[name] === undefined);
  if (missing.length === SETTINGS.length) return undefined;
  if (missing.length) throw new ConfigError(`Wrong setting: passes need ${missing.join(' and ')}, too`);
  const [certificate, key, wwdr] = SETTINGS.map((name) => readFileSync(config[name] as string, 'utf8')) as [
    string,
    string,
    string,
  ];
  const signer = read('APPLE_PASS_CERTIFICATE', () => new X509Certificate(certificate));
  read('APPLE_PASS_WWDR', () => new X509Certificate(wwdr));
  const passphrase = config.APPLE_PASS_KEY_PASSPHRASE;
  const privateKey = read('APPLE_PASS_KEY', () =>
    createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }),
  );
  if (!signer.checkPrivateKey(privateKey))
    throw new ConfigError('Wrong setting: APPLE_PASS_KEY is not the key of APPLE_PASS_CERTIFICATE');
  const subject = new Map(signer.subject.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const [passTypeIdentifier, teamIdentifier] = [subject.get('UID'), subject.get('OU')];
  if (!passTypeIdentifier || !teamIdentifier)
    throw new ConfigError(
      'Wrong setting: APPLE_PASS_CERTIFICATE is not the certificate of a Pass Type ID (it names no UID and OU)',
    );
  const certificates = { wwdr, signerCert: certificate, signerKey: pemOf(privateKey) };
  return { passTypeIdentifier, teamIdentifier, certificates };
}

function read<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new ConfigError(`Wrong setting: ${name} is no PEM file of its kind, or its passphrase is wrong`);
  }
}

/** Without its passphrase: the library would work it off for every pass. */
function pemOf(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'rsa') throw new ConfigError('Wrong setting: APPLE_PASS_KEY is no RSA key');
  return String(key.export({ type: 'pkcs1', format: 'pem' }));
}

/**
 * A ticket as a pass for Apple Wallet.
 * @throws AppError not_found; conflict when the ticket no longer admits, or its codes rotate; not_implemented when this
 *   server has no certificate to sign passes by
 */
export async function drawPass(ctx: Context, ticket_id: string): Promise<Buffer> {
  const row = await readTicket(ctx, ticket_id);
  const sheet = await sheetOfTicket(ctx.system, row, ctx.language);
  if (!isPrintable(sheet)) throw rotates();
  const { passSigner } = ctx.system;
  if (!passSigner)
    throw new AppError(
      'not_implemented',
      `This server signs no passes: its operator must set ${SETTINGS.join(', ')}.`,
      { settings: SETTINGS },
    );
  return passOf(sheet, passSigner, ctx.language);
}

async function passOf(sheet: PrintableSheet, signer: PassSigner, language: Language): Promise<Buffer> {
  const { PKPass } = await import('passkit-generator'); // 6 MB of memory, for those who sign passes
  const words = TICKET_WORDS[language];
  const { time_zone, starts_at, doors_at, ends_at } = sheet;
  const pass = new PKPass(await icons(), signer.certificates, {
    formatVersion: 1,
    serialNumber: sheet.id, // a new code takes the place of the old one on the phone
    passTypeIdentifier: signer.passTypeIdentifier,
    teamIdentifier: signer.teamIdentifier,
    organizationName: sheet.company,
    description: sheet.event,
    logoText: sheet.company,
    foregroundColor: 'rgb(255, 255, 255)',
    labelColor: 'rgb(191, 199, 213)',
    backgroundColor: 'rgb(24, 32, 48)',
    sharingProhibited: true, // whoever has a copy of the code can use it
  });
  pass.type = 'eventTicket';
  const fill = (
    fields: { push(...fields: object[]): unknown },
    key: string,
    label: string,
    value: string | null,
  ) => {
    if (value) fields.push({ key, label, value });
  };
  if (doors_at) fill(pass.headerFields, 'doors', words.doors, timeIn(time_zone, language, doors_at));
  pass.primaryFields.push({ key: 'event', value: sheet.event });
  fill(pass.secondaryFields, 'when', words.when, momentIn(time_zone, language, starts_at));
  fill(pass.secondaryFields, 'where', words.where, sheet.venue[0] ?? null);
  fill(pass.auxiliaryFields, 'type', words.ticket, sheet.type);
  fill(pass.auxiliaryFields, 'place', words.seat, sheet.place);
  fill(pass.auxiliaryFields, 'holder', words.holder, sheet.holder);
  fill(pass.backFields, 'address', words.where, sheet.venue.join('\n'));
  pass.backFields.push({ key: 'once', label: words.ticket, value: `${words.once}\n\n${sheet.id}` });
  pass.setBarcodes({ format: 'PKBarcodeFormatQR', message: sheet.code, messageEncoding: 'iso-8859-1' });
  pass.setRelevantDate(doors_at ?? starts_at);
  if (ends_at) pass.setExpirationDate(ends_at);
  return pass.getAsBuffer();
}

/** Squares of the icon: a ticket with its two notches and a tear line. */
const SIZE = 27;

function ticketIcon(): Grid {
  const data = Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE)];
    const notch = (at: number) => Math.hypot(x - at, y - (SIZE >> 1)) < 3.5;
    const torn = x === 18 && y % 2 === 0;
    return y >= 6 && y <= 20 && !notch(0) && !notch(SIZE - 1) && !torn ? 1 : 0;
  });
  return { size: SIZE, data };
}

let drawn: Promise<Record<string, Buffer>> | undefined;

/** 29, 58 and 87 pixels wide; drawn once. */
function icons(): Promise<Record<string, Buffer>> {
  drawn ??= Promise.all(
    [1, 2, 3].map(async (scale) => [
      `icon${scale === 1 ? '' : `@${scale}x`}.png`,
      await bilevelPng(ticketIcon(), 1, scale),
    ]),
  ).then((files) => Object.fromEntries(files));
  return drawn;
}
