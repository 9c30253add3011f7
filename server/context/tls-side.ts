import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Clock, Lifecycle } from '#kit';
import { ConfigError, SERVER_VARIABLES, type ServerConfig } from '../config/index.ts';
import type { TlsSettings } from '../domain/keys/certificates.ts';
import type { TrustAnchors } from '../domain/keys/trust-anchors.ts';
import type { Logger } from '../logger.ts';
import { FileCertificates } from '../tls/file-certificates.ts';
import { namesOf } from '../tls/names.ts';
import { OwnCertificates } from '../tls/own-certificates.ts';

export interface TlsSide {
  /** What each port speaks; null: plain. */
  readonly http: TlsSettings | null;
  readonly mqtt: TlsSettings | null;
  /** Keeps the certificate fresh; null where there is none. */
  readonly keeper: Lifecycle | null;
  readonly anchors: TrustAnchors;
}

/** The certificates of our ports, as the configuration wants them. Throws `ConfigError` for files that cannot be used. */
export function buildTlsSide(config: ServerConfig, clock: Clock, log: Logger): TlsSide {
  const { mode, files, caFile, clientCaFile } = config.tls;
  const pinned = caFile === null ? null : readPem('tlsCa', caFile);
  const clientCa = clientCaFile === null ? null : readPem('tlsClientCa', clientCaFile);
  const onError = (error: unknown) => log.error({ err: error, part: 'certificate' }, 'a part failed');
  const anchors = { ca: () => pinned };
  if (mode === 'own') {
    const keeper = new OwnCertificates({
      folder: join(config.dataFolder, 'keys'),
      clock,
      names: () => namesOf([config.publicUrl, ...config.moreUrls]),
      onError,
    });
    const settings = { certificates: keeper, clientCa };
    return { http: settings, mqtt: settings, keeper, anchors: keeper };
  }
  if (files === null) return { http: null, mqtt: null, keeper: null, anchors };
  checkFiles(files.keyFile, files.certFile);
  const keeper = new FileCertificates({ ...files, clock, onError });
  const settings = { certificates: keeper, clientCa };
  return { http: mode === 'off' ? null : settings, mqtt: settings, keeper, anchors };
}

function checkFiles(keyFile: string, certFile: string): void {
  try {
    createSecureContext({ key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') });
  } catch (error) {
    throw new ConfigError(
      'tlsKey',
      keyFile,
      `a readable PEM key that fits the certificate of ${SERVER_VARIABLES.tlsCert.name}, "${certFile}" (${reasonOf(error)})`,
    );
  }
}

function readPem(key: 'tlsCa' | 'tlsClientCa', file: string): string {
  try {
    const ca = readFileSync(file, 'utf8');
    if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error('there is no certificate in it');
    createSecureContext({ ca });
    return ca;
  } catch (error) {
    throw new ConfigError(key, file, `a readable PEM file with certificates (${reasonOf(error)})`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
