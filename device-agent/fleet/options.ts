import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm run fleet` was asked for. */
export interface FleetOptions {
  readonly speakers: number;
  /** Address of the controller; null: the one in the provisioning files. */
  readonly url: string | null;
  /** Where the provisioning files are, or are put. */
  readonly provisioning: string;
  /** API token with which missing loudspeakers are entered. */
  readonly token: string | null;
  /** Area that new loudspeakers are entered in. */
  readonly area: string | null;
  /** State of all agents. */
  readonly data: string;
  readonly perProcess: number;
}

export const FLEET_USAGE = `npm run fleet -- --speakers N [options]
  --speakers N          how many loudspeakers (1 to 50000)
  --url URL             address of the controller
  --token T --area ID   enter them through the API, in this area (needs --url)
  --provisioning DIR    provisioning files, one per loudspeaker (default: <data>/provisioning)
  --data DIR            state of the agents (default: ./loa-fleet-data)
  --per-process N       agents in one process at most (default 500)
`;

/** Agents in one process at most: beyond, one thread is not enough for all. */
const MOST_PER_PROCESS = 500;

/** Reads the arguments. Throws with one line that names what is wrong. */
export function parseFleetOptions(args: readonly string[]): FleetOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      speakers: { type: 'string' },
      url: { type: 'string' },
      token: { type: 'string' },
      area: { type: 'string' },
      provisioning: { type: 'string' },
      data: { type: 'string', default: './loa-fleet-data' },
      'per-process': { type: 'string', default: String(MOST_PER_PROCESS) },
    },
  });
  if (values.token !== undefined && (values.url === undefined || values.area === undefined))
    throw new Error('--token enters loudspeakers through the API: give --url and --area too');
  return {
    speakers: whole('--speakers', values.speakers, 50_000),
    url: values.url?.replace(/\/+$/, '') ?? null,
    provisioning: values.provisioning ?? `${values.data}/provisioning`,
    token: values.token ?? null,
    area: values.area ?? null,
    data: values.data,
    perProcess: whole('--per-process', values['per-process'], MOST_PER_PROCESS),
  };
}

/** Where an agent of the fleet keeps its state. */
export function agentFolder(data: string, speakerId: string): string {
  return join(data, 'agents', speakerId);
}

/** How many agents go into each process, as even as possible. `openFiles`: what the system allows a process. */
export function shares(speakers: number, perProcess: number, openFiles: number): number[] {
  const most = Math.max(1, Math.min(perProcess, Math.floor((openFiles - RESERVED_FILES) / FILES_PER_AGENT)));
  const processes = Math.ceil(speakers / most);
  return Array.from(
    { length: processes },
    (_, i) => Math.floor(((i + 1) * speakers) / processes) - Math.floor((i * speakers) / processes),
  );
}

/** A socket, the journal, the position, and what is open for a moment: a file being written, a download. */
const FILES_PER_AGENT = 6;
const RESERVED_FILES = 100;

function whole(name: string, text: string | undefined, most: number): number {
  const value = Number(text);
  if (text === undefined || !Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`${name} is "${text ?? ''}": expected a whole number from 1 to ${most}`);
  return value;
}
