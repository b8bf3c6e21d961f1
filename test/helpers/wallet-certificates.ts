import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** The little of node-forge that makes a certificate; it comes with what signs passes, without types. */
interface Forge {
  pki: {
    createCertificate(): {
      publicKey: unknown;
      serialNumber: string;
      validity: { notBefore: Date; notAfter: Date };
      setSubject(attributes: object[]): void;
      setIssuer(attributes: object[]): void;
      sign(key: unknown, digest: unknown): void;
    };
    privateKeyFromPem(pem: string): unknown;
    publicKeyFromPem(pem: string): unknown;
    certificateToPem(certificate: unknown): string;
  };
  md: { sha256: { create(): unknown } };
}

const forge = createRequire(createRequire(import.meta.url).resolve('passkit-generator'))(
  'node-forge',
) as Forge;

export const PASS_TYPE = 'pass.com.example.tickets';
export const TEAM = 'ABCDE12345';
const UID = '0.9.2342.19200300.100.1.1';
const PASSPHRASE = 'open sesame';

const PEM = { type: 'pkcs1', format: 'pem' } as const;

/** A certificate for a key of its own, signed by an issuer of which nothing but the name is asked. */
export function makeCertificate(subject: object[]) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(String(publicKey.export(PEM)));
  certificate.serialNumber = '01';
  certificate.validity = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
  };
  certificate.setSubject(subject);
  certificate.setIssuer([{ shortName: 'CN', value: 'Test authority' }]);
  certificate.sign(forge.pki.privateKeyFromPem(String(privateKey.export(PEM))), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), privateKey };
}

/** Self-made files of the kind that Apple gives, and the settings that name them. They are read when a server starts. */
export function walletSettings() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticketing-wallet-'));
  const file = (name: string, text: string) => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const signer = makeCertificate([
    { type: UID, value: PASS_TYPE },
    { shortName: 'CN', value: `Pass Type ID: ${PASS_TYPE}` },
    { shortName: 'OU', value: TEAM },
  ]);
  const authority = makeCertificate([{ shortName: 'CN', value: 'Worldwide Developer Relations' }]);
  const encrypted = signer.privateKey.export({
    ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE },
  });
  const env = {
    APPLE_PASS_CERTIFICATE: file('pass.pem', signer.certificate),
    APPLE_PASS_KEY: file('key.pem', String(encrypted)),
    APPLE_PASS_KEY_PASSPHRASE: PASSPHRASE,
    APPLE_PASS_WWDR: file('wwdr.pem', authority.certificate),
  };
  return { env, file, remove: () => fs.rmSync(folder, { recursive: true }) };
}
