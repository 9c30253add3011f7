import { type OutputKind, OutputKindSchema } from '#protocols';
import type { SetClockMode } from './clock/index.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';

/** One variable of the agent's environment: what the table in the docs is made of. */
export interface ConfigVariable {
  readonly name: string;
  /** Text used when the variable is unset or empty; null: it must be set. */
  readonly default: string | null;
  readonly meaning: string;
}

/** Every variable that the agent reads. */
export const AGENT_VARIABLES = {
  data: {
    name: 'LOA_AGENT_DATA',
    default: './loa-agent-data',
    meaning: 'folder of the agent’s state: its key, orders, journal and audio cache',
  },
  provisioning: {
    name: 'LOA_AGENT_PROVISIONING',
    default: './provisioning.json',
    meaning:
      'file that `enrol` writes: who the loudspeaker is, its secret and the controller’s root keys (a secret: mode 0600)',
  },
  output: {
    name: 'LOA_AGENT_OUTPUT',
    default: 'alsa',
    meaning: 'where sound goes: alsa, pulse, file (a WAV file) or null (nowhere, in real time)',
  },
  outputDevice: {
    name: 'LOA_AGENT_OUTPUT_DEVICE',
    default: 'default',
    meaning: 'ALSA device, PulseAudio sink, or the folder of the WAV files',
  },
  cacheMb: {
    name: 'LOA_AGENT_CACHE_MB',
    default: '1024',
    meaning: 'most that the audio cache may take on the disk, in megabytes (1 to 1000000)',
  },
  dataBudgetMb: {
    name: 'LOA_AGENT_DATA_BUDGET_MB_PER_DAY',
    default: '0',
    meaning:
      'most audio that is fetched ahead in one day, in megabytes, for a SIM with an allowance; 0: no limit (0 to 1000000)',
  },
  ffmpeg: {
    name: 'LOA_AGENT_FFMPEG',
    default: 'ffmpeg',
    meaning: 'the decoder: a name to be found in PATH, or a path',
  },
  setClock: {
    name: 'LOA_AGENT_SET_CLOCK',
    default: 'off',
    meaning: 'how the machine’s clock is set to the controller’s time: off, date or timedatectl',
  },
  tlsKey: {
    name: 'LOA_AGENT_TLS_KEY',
    default: '',
    meaning: 'private key (PEM file) of this loudspeaker’s certificate, for a controller that asks for one',
  },
  tlsCert: {
    name: 'LOA_AGENT_TLS_CERT',
    default: '',
    meaning: 'its certificate (PEM file)',
  },
  log: {
    name: 'LOA_AGENT_LOG',
    default: 'info',
    meaning: `least grave message that is logged: ${LOG_LEVELS.join(', ')}`,
  },
} as const satisfies Readonly<Record<string, ConfigVariable>>;

type VariableKey = keyof typeof AGENT_VARIABLES;

/** The agent's settings, checked. */
export interface AgentConfig {
  readonly dataFolder: string;
  readonly provisioningFile: string;
  readonly output: OutputKind;
  readonly outputDevice: string;
  readonly cacheBytes: number;
  /** Bytes of audio fetched ahead in one day; 0: no limit. */
  readonly dataBudgetBytes: number;
  readonly ffmpeg: string;
  readonly setClock: SetClockMode;
  /** Files of the loudspeaker's own certificate; null: it has none. */
  readonly tls: { readonly keyFile: string; readonly certFile: string } | null;
  readonly logLevel: LogLevel;
}

/** A setting that cannot be used. The message is one line that names the variable. */
export class ConfigError extends Error {
  constructor(variable: string, value: string, expected: string) {
    super(`${variable} is "${value.slice(0, 80)}": expected ${expected}`);
    this.name = 'ConfigError';
  }
}

/** Step 1: the text of each variable, defaults filled in. */
export function readVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<VariableKey, string> {
  const entries = Object.entries(AGENT_VARIABLES).map(([key, variable]) => [
    key,
    env[variable.name]?.trim() || variable.default,
  ]);
  return Object.fromEntries(entries) as Record<VariableKey, string>;
}

/** Step 2: each text as its type. Throws `ConfigError`. */
export function parseVariables(texts: Readonly<Record<VariableKey, string>>): AgentConfig {
  if ((texts.tlsKey === '') !== (texts.tlsCert === '')) {
    const { name } = texts.tlsKey === '' ? AGENT_VARIABLES.tlsKey : AGENT_VARIABLES.tlsCert;
    throw new ConfigError(name, '', 'a PEM file, because the other of the two is set');
  }
  const outputs = OutputKindSchema.anyOf.map((schema) => schema.const);
  return {
    dataFolder: texts.data,
    provisioningFile: texts.provisioning,
    output: oneOf(AGENT_VARIABLES.output.name, texts.output, outputs),
    outputDevice: texts.outputDevice,
    cacheBytes: megabytesOf('cacheMb', texts, 1),
    dataBudgetBytes: megabytesOf('dataBudgetMb', texts, 0),
    ffmpeg: texts.ffmpeg,
    setClock: oneOf(AGENT_VARIABLES.setClock.name, texts.setClock, ['off', 'date', 'timedatectl']),
    tls: texts.tlsKey === '' ? null : { keyFile: texts.tlsKey, certFile: texts.tlsCert },
    logLevel: oneOf(AGENT_VARIABLES.log.name, texts.log, LOG_LEVELS),
  };
}

/** Step 3: what one setting says about another. Throws `ConfigError`. */
export function checkConfig(config: AgentConfig): AgentConfig {
  if (config.output === 'file' && config.outputDevice === AGENT_VARIABLES.outputDevice.default)
    throw new ConfigError(
      AGENT_VARIABLES.outputDevice.name,
      config.outputDevice,
      'a folder for the WAV files when LOA_AGENT_OUTPUT is "file"',
    );
  return config;
}

/** The environment as settings: all three steps. Throws `ConfigError`. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): AgentConfig {
  return checkConfig(parseVariables(readVariables(env)));
}

/** A number of megabytes as bytes. */
function megabytesOf(
  key: 'cacheMb' | 'dataBudgetMb',
  texts: Readonly<Record<VariableKey, string>>,
  least: number,
): number {
  const megabytes = Number(texts[key]);
  if (!Number.isInteger(megabytes) || megabytes < least || megabytes > 1_000_000)
    throw new ConfigError(AGENT_VARIABLES[key].name, texts[key], `a whole number from ${least} to 1000000`);
  return megabytes * 1024 * 1024;
}

function oneOf<const Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new ConfigError(name, text, `one of ${values.join(', ')}`);
  return found;
}
