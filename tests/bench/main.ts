import { backup } from './backup.ts';
import { connections } from './connections.ts';
import { emergency } from './emergency.ts';
import { fanout } from './fanout.ts';
import { ingest } from './ingest.ts';
import { mediaBench } from './media.ts';
import { plans } from './plans.ts';
import { preview } from './preview.ts';
import { skew } from './skew.ts';
import { wire } from './wire.ts';

/** Each takes its arguments and gives the object that is printed as the last line. */
const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<object>>> = {
  backup,
  emergency,
  fanout,
  ingest,
  media: mediaBench,
  plans,
  preview,
  skew,
  connections,
  wire,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  process.stderr.write(`there is no bench "${name}": expected one of ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(`${JSON.stringify(await bench(args))}\n`);
}
