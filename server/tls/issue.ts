import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { EARLIEST_TIME, plausible } from '../domain/time/plausible.ts';

const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 365 * DAY_MS;
/** What a browser and a loudspeaker take without question; a longer one is refused by Apple's. */
export const LEAF_DAYS = 90;
const AUTHORITY_YEARS = 20;
/** A clock that is behind by less than this sees a certificate that is valid already: ours or the reader's. */
const BACKDATE_MS = YEAR_MS;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A key and a certificate, PEM. */
export interface Issued {
  readonly key: string;
  readonly cert: string;
}

/**
 * Makes an authority of 20 years, ECDSA P-256, that signs certificates of servers and nothing below them. Its name carries random letters: two communes' authorities
 * in one browser can be told apart.
 */
export async function makeAuthority(now: number): Promise<Issued> {
  const x509 = await library();
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const from = plausible(now);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Loa Lang ${randomBytes(3).toString('hex')}`,
    // Before any right time, whatever our clock says now: it is pinned for its whole life.
    notBefore: new Date(EARLIEST_TIME - BACKDATE_MS),
    notAfter: new Date(from + AUTHORITY_YEARS * YEAR_MS),
    signingAlgorithm: CURVE,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await exportKey(keys.privateKey), cert: `${certificate.toString('pem')}\n` };
}

/** A server's certificate for these host names and addresses, signed by the authority, with a new key. */
export async function issueServer(authority: Issued, names: readonly string[], now: number): Promise<Issued> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(authority.cert);
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const from = plausible(now);
  const end = Math.min(from + LEAF_DAYS * DAY_MS, issuer.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [names[0] ?? 'localhost'] }],
    issuer: issuer.subjectName,
    notBefore: new Date(Math.max(from - BACKDATE_MS, issuer.notBefore.getTime())),
    notAfter: new Date(end),
    signingAlgorithm: CURVE,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { key: await exportKey(keys.privateKey), cert: `${certificate.toString('pem')}\n` };
}

/** Loaded when something is to be issued only: it takes half a second, and most starts issue nothing. */
async function library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** 126 random bits, positive and never short (RFC 5280, 4.1.2.2). No counter: a restored backup would repeat it. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, CURVE, false, ['sign']);
}
