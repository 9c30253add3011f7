/** One variable of the controller's environment: what the table in the README is made of. */
export interface ServerVariable {
  readonly name: string;
  /** Text used when the variable is unset or empty; null: worked out from the others (see `meaning`). */
  readonly default: string | null;
  readonly meaning: string;
}

/** Every variable that the controller reads. */
export const SERVER_VARIABLES = {
  data: {
    name: 'LOA_DATA',
    default: './data',
    meaning: 'folder of everything that the controller keeps: database, audio, keys, tokens',
  },
  host: {
    name: 'LOA_HOST',
    default: '0.0.0.0',
    meaning: 'address to listen on; 127.0.0.1 for this machine alone',
  },
  port: { name: 'LOA_PORT', default: '8080', meaning: 'port of HTTP and of MQTT over WebSocket (`/mqtt`)' },
  publicUrl: {
    name: 'LOA_PUBLIC_URL',
    default: null,
    meaning:
      'address at which loudspeakers find the controller (http:// or https://, no path); by default this machine’s first address in the network',
  },
  databaseUrl: {
    name: 'LOA_DATABASE_URL',
    default: null,
    meaning:
      '`file:/path/loa.db` (SQLite) or `postgresql://user:password@host/database`; by default `loa.db` in the data folder',
  },
  moreUrls: {
    name: 'LOA_MORE_URLS',
    default: '',
    meaning:
      'further addresses at which loudspeakers find the controller, separated by spaces (`https://`, `http://`, `wss://`, `ws://`, `mqtts://` or `mqtt://`); they try them in turn and never give up the one that they were entered with',
  },
  tls: {
    name: 'LOA_TLS',
    default: null,
    meaning:
      '`own`: TLS with an authority made at the first start, which loudspeakers pin; `files`: with your certificate; `off`: plain HTTP, for a reverse proxy that speaks TLS (the MQTT port still uses your files, if there are any). By default `files` where LOA_TLS_KEY is set, `off` where LOA_PUBLIC_URL begins with `http://`, else `own`',
  },
  tlsKey: {
    name: 'LOA_TLS_KEY',
    default: '',
    meaning: 'private key (PEM file); read again when it changes',
  },
  tlsCert: {
    name: 'LOA_TLS_CERT',
    default: '',
    meaning: 'its certificate with the chain (PEM file); read again when it changes',
  },
  tlsCa: {
    name: 'LOA_TLS_CA',
    default: '',
    meaning:
      'authority (PEM file) of that certificate, or of the reverse proxy’s, which loudspeakers are to pin; not needed where public authorities know it',
  },
  tlsClientCa: {
    name: 'LOA_TLS_CLIENT_CA',
    default: '',
    meaning:
      'authority (PEM file) of the loudspeakers’ own certificates: with it nobody connects to MQTT, and no loudspeaker fetches anything, without one (mutual TLS)',
  },
  mqttPort: {
    name: 'LOA_MQTT_PORT',
    default: null,
    meaning:
      'MQTT port of the embedded broker, by default 8883 with TLS and 1883 without; `off` (or 0) leaves MQTT over WebSocket only',
  },
  mqttUrl: {
    name: 'LOA_MQTT_URL',
    default: '',
    meaning:
      'an external broker instead of the embedded one: `mqtt://`, `mqtts://`, `ws://` or `wss://`, with user and password in it if needed',
  },
  tokens: {
    name: 'LOA_TOKENS',
    default: null,
    meaning:
      'optional file of tokens for machines (JSON, hashes only; no role of chairman or deputy), read at the start; by default `tokens.json` in the data folder. People have accounts',
  },
  trustedProxies: {
    name: 'LOA_TRUSTED_PROXIES',
    default: null,
    meaning:
      'addresses of reverse proxies (comma-separated, also ranges like `10.0.0.0/24`) whose `X-Forwarded-For` is believed, so that each person who logs in has the own address; by default `loopback` where this port speaks no TLS (`LOA_TLS=off`), and else nobody’s',
  },
  area: {
    name: 'LOA_AREA',
    default: 'xa/xã/Chưa đặt tên',
    meaning: 'the widest area, made at the first start: id/kind/name, for instance `tan-an/xã/Tân An`',
  },
  morningStart: {
    name: 'LOA_MORNING_START',
    default: null,
    meaning:
      'when mornings begin, for the policy of the widest area made at the first start: `05:30` to `08:00`; where it is not set the first start asks on a terminal, and takes `06:00` where there is none',
  },
  ffmpeg: {
    name: 'LOA_FFMPEG',
    default: '',
    meaning: 'path of ffmpeg; by default the system’s, else the shipped one',
  },
  ffprobe: { name: 'LOA_FFPROBE', default: '', meaning: 'path of ffprobe; as above' },
  uploadLimitMb: {
    name: 'LOA_UPLOAD_LIMIT_MB',
    default: '300',
    meaning: 'largest file that may be brought in, megabytes (1 to 4096)',
  },
  audioLimitMinutes: {
    name: 'LOA_AUDIO_LIMIT_MINUTES',
    default: '120',
    meaning: 'longest announcement, minutes (1 to 480)',
  },
  playLeadSeconds: {
    name: 'LOA_PLAY_LEAD_SECONDS',
    default: '10',
    meaning: 'from “play now” to the first word, so that loudspeakers can fetch the audio (0 to 3600)',
  },
  emergencyLeadSeconds: {
    name: 'LOA_EMERGENCY_LEAD_SECONDS',
    default: '1',
    meaning:
      'the same for an emergency: its attention tone is on the loudspeakers, and the audio has the length of the tone to come (0 to 3600)',
  },
  latenessSeconds: {
    name: 'LOA_LATENESS_SECONDS',
    default: '60',
    meaning: 'a loudspeaker that is ready up to this much later still starts (0 to 3600)',
  },
  streamAllow: {
    name: 'LOA_STREAM_ALLOW',
    default: '',
    meaning:
      'stations in the own network that may be relayed: host names, addresses or networks like `10.0.0.0/24`, comma-separated; others must be in the public Internet',
  },
  auditHeadsFolder: {
    name: 'LOA_AUDIT_HEADS_FOLDER',
    default: '',
    meaning:
      'folder on another machine or drive that gets the signed head of the audit log of each day as a text file; it has to exist',
  },
  auditHeadsMail: {
    name: 'LOA_AUDIT_HEADS_MAIL',
    default: '',
    meaning: 'mail addresses that get the same, separated by commas; needs LOA_SMTP_URL and LOA_MAIL_FROM',
  },
  smtpUrl: {
    name: 'LOA_SMTP_URL',
    default: '',
    meaning:
      'mail server for all mail of the controller (notices to people’s own addresses, heads of the audit log): `smtp://` or `smtps://` with user:password@host:port; needs LOA_MAIL_FROM',
  },
  mailFrom: { name: 'LOA_MAIL_FROM', default: '', meaning: 'address that this mail comes from' },
  logLevel: {
    name: 'LOA_LOG_LEVEL',
    default: 'info',
    meaning: 'least grave message that is logged: trace, debug, info, warn, error, fatal, silent',
  },
} as const satisfies Readonly<Record<string, ServerVariable>>;

export type VariableKey = keyof typeof SERVER_VARIABLES;

/** A setting that cannot be used. The message is one line that names variable, value and what is expected. */
export class ConfigError extends Error {
  constructor(key: VariableKey, value: string, expected: string) {
    super(`${SERVER_VARIABLES[key].name} is "${hideSecret(value).slice(0, 120)}": expected ${expected}`);
    this.name = 'ConfigError';
  }
}

/** A password in a URL is not repeated on the terminal, also where it holds a "/" or "@" that should have been encoded. */
function hideSecret(value: string): string {
  return value.replace(/\/\/.*@/, '//…@');
}
