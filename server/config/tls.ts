import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { oneOf } from './values.ts';
import { ConfigError, type VariableKey } from './variables.ts';

/** How the ports speak. Paths are absolute. */
export interface TlsConfig {
  /** Of the HTTP port; the MQTT port speaks the same, and TLS where it is off and there are files. */
  readonly mode: 'off' | 'own' | 'files';
  /** Certificate and key; null: none of yours. */
  readonly files: { readonly keyFile: string; readonly certFile: string } | null;
  /** Authority (PEM file) that loudspeakers pin; null: our own, or public ones. */
  readonly caFile: string | null;
  /** Authority (PEM file) of the loudspeakers' certificates; null: they need none. */
  readonly clientCaFile: string | null;
}

/** The settings of TLS. `publicUrl` is what was configured, or null. Throws `ConfigError`. */
export function parseTls(
  texts: Readonly<Record<VariableKey, string | null>>,
  publicUrl: string | null,
): TlsConfig {
  const text = (key: VariableKey) => texts[key] ?? '';
  const hasFiles = text('tlsKey') !== '' || text('tlsCert') !== '';
  const plainUrl = publicUrl?.startsWith('http:') === true;
  const mode = oneOf('tls', texts.tls ?? (hasFiles ? 'files' : plainUrl ? 'off' : 'own'), [
    'off',
    'files',
    'own',
  ]);
  if (mode !== 'off' && plainUrl)
    throw new ConfigError('publicUrl', publicUrl, 'https:// because our port speaks TLS, or LOA_TLS=off');
  if (mode === 'own' && hasFiles)
    throw new ConfigError('tls', mode, '"files", because LOA_TLS_KEY or LOA_TLS_CERT is set');
  if (mode === 'own' && text('tlsCa') !== '')
    throw new ConfigError(
      'tlsCa',
      text('tlsCa'),
      'nothing: with LOA_TLS=own loudspeakers pin our own authority',
    );
  if (mode === 'off' && text('tlsClientCa') !== '')
    throw new ConfigError('tlsClientCa', text('tlsClientCa'), 'nothing, because LOA_TLS is off');
  return {
    mode,
    files:
      mode === 'files' || hasFiles
        ? { keyFile: existing('tlsKey', text), certFile: existing('tlsCert', text) }
        : null,
    caFile: optional('tlsCa', text),
    clientCaFile: optional('tlsClientCa', text),
  };
}

function optional(key: VariableKey, text: (key: VariableKey) => string): string | null {
  return text(key) === '' ? null : existing(key, text);
}

function existing(key: VariableKey, text: (key: VariableKey) => string): string {
  if (!existsSync(text(key))) throw new ConfigError(key, text(key), 'an existing PEM file');
  return resolve(text(key));
}
