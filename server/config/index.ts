import { isIP } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';
import { EARLIEST_MORNING, isMorningStart, LATEST_MORNING } from '../domain/policies/morning-start.ts';
import { type AuditHeadsConfig, parseAuditHeads } from './audit-heads.ts';
import { type MailConfig, parseMail } from './mail.ts';
import { guessPublicUrl, parsePublicUrl } from './public-url.ts';
import { parseStreamAllow } from './stream-allow.ts';
import { parseTls, type TlsConfig } from './tls.ts';
import { oneOf, urlOf, wholeNumber } from './values.ts';
import { ConfigError, SERVER_VARIABLES, type VariableKey } from './variables.ts';

export { ConfigError, SERVER_VARIABLES } from './variables.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A broker that is not ours. */
export interface ExternalBrokerConfig {
  /** Without user and password. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/** The controller's settings, checked. Paths are absolute. */
export interface ServerConfig {
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  readonly databaseUrl: string;
  /** Further addresses for loudspeakers. */
  readonly moreUrls: readonly string[];
  readonly tls: TlsConfig;
  /** Null: MQTT over WebSocket only. */
  readonly mqttPort: number | null;
  /** Null: the embedded broker. */
  readonly externalBroker: ExternalBrokerConfig | null;
  readonly tokensFile: string;
  /** Comma-separated addresses of reverse proxies. */
  readonly trustedProxies: string;
  /** The widest area of a new database. */
  readonly rootArea: { readonly id: string; readonly kind: string; readonly name: string };
  /** "HH:MM"; null: the first start asks where it can, and takes what it suggests where it cannot. */
  readonly morningStart: string | null;
  readonly ffmpeg: string | null;
  readonly ffprobe: string | null;
  readonly uploadLimitBytes: number;
  readonly audioLimitMs: number;
  readonly playLeadMs: number;
  readonly emergencyLeadMs: number;
  readonly latenessMs: number;
  /** Hosts, addresses and networks outside the public Internet whose streams may be relayed. */
  readonly streamAllow: readonly string[];
  /** Null: this controller sends no mail. */
  readonly mail: MailConfig | null;
  readonly auditHeads: AuditHeadsConfig;
  readonly logLevel: LogLevel;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Step 1: the text of each variable, defaults filled in; null where the default follows from others. */
export function readVariables(env: Environment): Record<VariableKey, string | null> {
  const entries = Object.entries(SERVER_VARIABLES).map(([key, variable]) => [
    key,
    env[variable.name]?.trim() || variable.default,
  ]);
  return Object.fromEntries(entries) as Record<VariableKey, string | null>;
}

/** Step 2: each text as its type, and what follows from others. Throws `ConfigError`. */
export function parseVariables(texts: Readonly<Record<VariableKey, string | null>>): ServerConfig {
  const text = (key: VariableKey) => texts[key] ?? '';
  const seconds = (key: VariableKey) => wholeNumber(key, text(key), 0, 3600) * 1000;
  const dataFolder = resolve(text('data'));
  const port = wholeNumber('port', text('port'), 1, 65_535);
  const host = text('host');
  const asked = texts.publicUrl === null ? null : parsePublicUrl(texts.publicUrl);
  const tls = parseTls(texts, asked);
  const mail = parseMail(texts);
  const publicUrl = asked ?? guessPublicUrl(host, port, tls.mode === 'off' ? 'http' : 'https');
  return {
    dataFolder,
    host,
    port,
    publicUrl,
    moreUrls: moreUrls(text('moreUrls')),
    tls,
    databaseUrl: databaseUrl(texts.databaseUrl, dataFolder),
    mqttPort: mqttPort(texts.mqttPort ?? (tls.mode === 'off' && tls.files === null ? '1883' : '8883')),
    externalBroker: text('mqttUrl') === '' ? null : externalBroker(text('mqttUrl')),
    tokensFile: texts.tokens === null ? join(dataFolder, 'tokens.json') : resolve(texts.tokens),
    trustedProxies: trustedProxies(texts.trustedProxies ?? (tls.mode === 'off' ? 'loopback' : '')),
    rootArea: rootArea(text('area')),
    morningStart: texts.morningStart === null ? null : morningStart(texts.morningStart),
    ffmpeg: programPath('ffmpeg', text('ffmpeg')),
    ffprobe: programPath('ffprobe', text('ffprobe')),
    uploadLimitBytes: wholeNumber('uploadLimitMb', text('uploadLimitMb'), 1, 4096) * 1024 * 1024,
    audioLimitMs: wholeNumber('audioLimitMinutes', text('audioLimitMinutes'), 1, 480) * 60_000,
    playLeadMs: seconds('playLeadSeconds'),
    emergencyLeadMs: seconds('emergencyLeadSeconds'),
    latenessMs: seconds('latenessSeconds'),
    streamAllow: parseStreamAllow(text('streamAllow')),
    auditHeads: parseAuditHeads(texts, mail),
    mail,
    logLevel: oneOf('logLevel', text('logLevel'), LOG_LEVELS),
  };
}

/** Step 3: what one setting says about another. Throws `ConfigError`. */
export function checkConfig(config: ServerConfig): ServerConfig {
  if (config.mqttPort === config.port && config.externalBroker === null)
    throw new ConfigError('mqttPort', String(config.mqttPort), `another port than LOA_PORT (${config.port})`);
  if ((config.ffmpeg === null) !== (config.ffprobe === null)) {
    const missing = config.ffmpeg === null ? 'ffmpeg' : 'ffprobe';
    throw new ConfigError(missing, '', 'a path, because the other of LOA_FFMPEG and LOA_FFPROBE is set');
  }
  return config;
}

/** The environment as settings: all three steps. Throws `ConfigError`. */
export function loadConfig(env: Environment): ServerConfig {
  return checkConfig(parseVariables(readVariables(env)));
}

function databaseUrl(text: string | null, dataFolder: string): string {
  if (text === null) return `file:${join(dataFolder, 'loa.db')}`;
  if (text.startsWith('file:') && text.length > 'file:'.length) {
    const path = text.slice('file:'.length);
    return `file:${isAbsolute(path) ? path : resolve(path)}`;
  }
  if (/^postgres(ql)?:\/\/./.test(text)) return text;
  throw new ConfigError(
    'databaseUrl',
    text,
    '"file:/path/loa.db" or "postgresql://user:password@host/database"',
  );
}

function mqttPort(text: string): number | null {
  return text === 'off' || text === '0' ? null : wholeNumber('mqttPort', text, 1, 65_535);
}

function moreUrls(text: string): string[] {
  const expected = 'addresses like "https://loa.xa-tan-an.vn wss://relay.example/mqtt", separated by spaces';
  const schemes = ['http', 'https', 'ws', 'wss', 'mqtt', 'mqtts'];
  const urls = text.split(/\s+/).filter((url) => url !== '');
  if (urls.length > 8) throw new ConfigError('moreUrls', text, 'eight addresses at most');
  return urls.map((url) => {
    const { username, href } = urlOf('moreUrls', url, schemes, expected);
    if (username !== '') throw new ConfigError('moreUrls', url, expected);
    return href.replace(/\/$/, '');
  });
}

function externalBroker(text: string): ExternalBrokerConfig {
  const expected = 'an address like "mqtts://user:password@broker.example:8883"';
  const url = urlOf('mqttUrl', text, ['mqtt', 'mqtts', 'ws', 'wss'], expected);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  return {
    url: url.href,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
}

/** Empty: nobody's. Who ends TLS in front of us leaves us none to end: what comes to a TLS port through a relay on this machine is a stranger's word. */
function trustedProxies(text: string): string {
  if (text === '') return text;
  const parts = text.split(',').map((part) => part.trim());
  const isAddress = (part: string) => part === 'loopback' || isIP(part.split('/', 1)[0] ?? '') !== 0;
  if (parts.every(isAddress)) return parts.join(',');
  throw new ConfigError('trustedProxies', text, 'addresses like "loopback,192.168.1.2,10.0.0.0/24"');
}

function rootArea(text: string): ServerConfig['rootArea'] {
  const [id = '', kind = '', ...rest] = text.split('/').map((part) => part.trim());
  const name = rest.join('/');
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(id) || kind === '' || name === '')
    throw new ConfigError('area', text, 'id/kind/name, for instance "tan-an/xã/Tân An"');
  return { id, kind, name };
}

function morningStart(text: string): string {
  if (isMorningStart(text)) return text;
  throw new ConfigError('morningStart', text, `a time from ${EARLIEST_MORNING} to ${LATEST_MORNING}`);
}

function programPath(key: 'ffmpeg' | 'ffprobe', text: string): string | null {
  if (text === '') return null;
  if (!isAbsolute(text)) throw new ConfigError(key, text, `an absolute path, for instance "/usr/bin/${key}"`);
  return text;
}
