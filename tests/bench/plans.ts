import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watched } from './ingest/loop-watch.ts';
import { BenchPlanner } from './plans/planner.ts';
import { median, numberOption, round } from './statistics.ts';

const ROUNDS = 5;

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly heldMs: number;
}

/**
 * The plan of a commune from its schedules to signed heads at the broker, with a real database: the first compilation from nothing, then nothing
 * changed, then one schedule changed (of a hamlet and of the whole commune in turn; medians), then a controller that is started again.
 * `firstMs` and `changeMs` are processor time: on a machine that does other things too it is what compares; `changeWallMs` includes the
 * 100 ms that changes wait for others.
 */
export async function plans(args: readonly string[]): Promise<object> {
  const schedules = numberOption(args, 'schedules', 1_000);
  const areas = numberOption(args, 'areas', 200);
  const folder = await mkdtemp(join(tmpdir(), 'loa-plans-'));
  try {
    const planner = new BenchPlanner(folder);
    await planner.open({ areas, schedules });
    const first = await measured(() => planner.compileFirst());
    const slots = planner.slots.size;
    const same: Measured[] = [];
    const changed: Measured[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      same.push(await measured(() => planner.compileAgain()));
      // Schedule 0, 10, … is for the whole commune.
      const id = `sch-${i % 2 === 0 ? 5 + i : i * 10}`;
      const before = planner.published;
      changed.push(await measured(() => planner.change(id, [`04:1${i}`, `20:1${i}`])));
      if (planner.published === before) throw new Error(`the change of ${id} did not go out`);
    }
    await planner.close();
    const again = new BenchPlanner(folder);
    await again.open(null);
    const restarted = await measured(() => again.compileFirst());
    const heads = again.heads.size;
    await again.close();
    process.stdout.write(
      `${JSON.stringify({ heads, first, same: medians(same), changed, restarted, resent: again.published })}\n`,
    );
    const { cpuMs: changeMs, wallMs: changeWallMs } = medians(changed);
    const heldMs = Math.max(...[first, ...same, ...changed, restarted].map((one) => one.heldMs));
    return {
      ...{ bench: 'plans', schedules, slots, firstMs: first.cpuMs, sameMs: medians(same).cpuMs },
      ...{ changeMs, changeWallMs, heldMs },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(work: () => Promise<void>): Promise<Measured> {
  const before = process.cpuUsage();
  const { tookMs, heldMs } = await watched(work);
  const { user, system } = process.cpuUsage(before);
  return { wallMs: round(tookMs), cpuMs: round((user + system) / 1_000), heldMs: round(heldMs) };
}

function medians(all: readonly Measured[]): Measured {
  const of = (value: (one: Measured) => number) => median(all.map(value));
  return { wallMs: of((one) => one.wallMs), cpuMs: of((one) => one.cpuMs), heldMs: of((one) => one.heldMs) };
}
