/** What the command line asks for. */
export interface TortureOptions {
  /** How long faults and work go on; setting up and settling come on top. */
  readonly minutes: number;
  readonly seed: number;
  readonly agents: number;
  /** Mean time from one fault to the next of the same loudspeaker, in seconds. */
  readonly pace: number;
  /** Evidence stays here, also after a good run. */
  readonly keep: string | undefined;
  /** An external Mosquitto instead of the embedded broker. */
  readonly broker: 'embedded' | 'mosquitto';
  /** Judge the evidence of an earlier run instead of making one. */
  readonly judge: string | undefined;
  /** Say only what would be done. */
  readonly planOnly: boolean;
}

const USAGE = `npm run torture -- [--minutes M] [--seed S] [--agents N] [--pace SECONDS] [--keep FOLDER] [--broker embedded|mosquitto] [--plan]
npm run torture -- --judge FOLDER
`;

/** Something is wrong with the command line; the message is for the terminal. */
export class UsageError extends Error {
  constructor(reason: string) {
    super(`torture: ${reason}\n${USAGE}`);
    this.name = 'UsageError';
  }
}

/** Reads the command line. `random` in [0, 1) chooses the seed where none is given. Throws `UsageError`. */
export function readOptions(args: readonly string[], random: () => number = Math.random): TortureOptions {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const name = args[at] ?? '';
    if (name === '--plan') given.set(name, 'yes');
    else if (['--minutes', '--seed', '--agents', '--pace', '--keep', '--broker', '--judge'].includes(name)) {
      const value = args[++at];
      if (value === undefined) throw new UsageError(`${name} needs a value`);
      given.set(name, value);
    } else throw new UsageError(`"${name}" is not known`);
  }
  const broker = given.get('--broker') ?? 'embedded';
  if (broker !== 'embedded' && broker !== 'mosquitto') throw new UsageError(`there is no broker "${broker}"`);
  return {
    minutes: number('--minutes', given, 10, 0.1, 24 * 60),
    seed: whole('--seed', given, Math.floor(random() * 2 ** 31), 0, 2 ** 31),
    agents: whole('--agents', given, 8, 1, 32),
    pace: number('--pace', given, 60, 1, 3_600),
    keep: given.get('--keep'),
    broker,
    judge: given.get('--judge'),
    planOnly: given.has('--plan'),
  };
}

function number(
  name: string,
  given: ReadonlyMap<string, string>,
  unset: number,
  least: number,
  most: number,
): number {
  const text = given.get(name);
  if (text === undefined) return unset;
  const value = Number(text);
  if (!(value >= least && value <= most))
    throw new UsageError(`${name} is "${text}": expected a number from ${least} to ${most}`);
  return value;
}

function whole(...args: Parameters<typeof number>): number {
  const value = number(...args);
  if (!Number.isInteger(value)) throw new UsageError(`${args[0]} must be a whole number`);
  return value;
}
