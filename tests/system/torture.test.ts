import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { inRepo } from '../helpers/repo-root.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { type Evidence, EvidenceFolder } from '../torture/evidence.ts';
import type { Finding, Summary } from '../torture/finding.ts';
import { judge } from '../torture/judge.ts';
import type { Sounding } from '../torture/soundings.ts';

/** Kills a loudspeaker’s program and the controller, slows a line and damages files, while what was asked for at once and what was scheduled sounds. */
const SEED = 648;
const ARGS = ['--minutes', '0.38', '--agents', '4', '--pace', '11', '--seed', String(SEED)];
const LIMIT_MS = 150_000;

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

async function torture(args: readonly string[]): Promise<Ended> {
  const child: ChildProcess = spawn(process.execPath, [inRepo('dist/tests/torture/main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (text: Buffer) => {
    texts.out += text.toString();
  });
  child.stderr?.on('data', (text: Buffer) => {
    texts.err += text.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines: texts.out.trimEnd().split('\n'), errors: texts.err };
}

describe('a short torture', () => {
  let folder: string;
  let ended: Ended;
  let good: Evidence;

  beforeAll(async () => {
    folder = join(tempDir('torture'), 'run');
    ended = await torture([...ARGS, '--keep', folder]);
    if (ended.code !== 0) throw new Error(`${ended.lines.join('\n')}\n${ended.errors}`);
    good = new EvidenceFolder(folder).read();
  }, LIMIT_MS);

  /** What the judge finds in the evidence after somebody has altered it. */
  function found(altered: Partial<Evidence>): {
    readonly summary: Summary;
    readonly kinds: Finding['kind'][];
  } {
    const { summary, findings } = judge({ ...good, ...altered });
    return { summary, kinds: findings.map(({ kind }) => kind) };
  }

  /** A sounding that the judge counts on. */
  function whole(): Sounding {
    const one = good.soundings.find(
      ({ speaker, content, fromMs, toMs }) =>
        content !== null &&
        fromMs === 0 &&
        toMs > 3_000 &&
        found({ soundings: without(speaker, content) }).summary.lost > 0,
    );
    if (one === undefined) throw new Error('nothing in this run was playable and sounded');
    return one;
  }

  function without(speaker: string, content: number | null): Sounding[] {
    return good.soundings.filter((one) => one.speaker !== speaker || one.content !== content);
  }

  function moved(sounding: Sounding, ms: number): Sounding {
    return { ...sounding, startedAt: sounding.startedAt + ms, endedAt: sounding.endedAt + ms };
  }

  it('ends with one line that says what became of everything, and with nothing wrong', () => {
    const summary = JSON.parse(ended.lines.at(-1) ?? '') as Summary;
    expect(Object.keys(summary)).toEqual([
      'faults',
      'broadcasts',
      'deliveries',
      'playable',
      'played',
      'lost',
      'doubled',
      'offWindow',
      'missingWrites',
      'seed',
    ]);
    expect(summary).toMatchObject({ lost: 0, doubled: 0, offWindow: 0, missingWrites: 0, seed: SEED });
    expect(summary.faults).toBeGreaterThan(0);
    expect(summary.played).toBe(summary.playable);
    expect(summary.playable).toBeGreaterThanOrEqual(0.7 * summary.deliveries);
    expect(judge(good).summary).toEqual(summary);
  });

  it('is judged lost when a sound that was due is not there', () => {
    const { speaker, content } = whole();
    const { kinds, summary } = found({ soundings: without(speaker, content) });
    expect(kinds).toContain('lost');
    expect(summary.played).toBe(summary.playable - 1);
  });

  it('is judged doubled when the same range sounds twice', () => {
    const one = whole();
    const again = moved(one, one.toMs - one.fromMs);
    expect(found({ soundings: [...good.soundings, again] }).kinds).toContain('doubled');
  });

  it('is judged off-window when something sounds before its start, after its hard end, or is none of ours', () => {
    const one = whole();
    const others = good.soundings.filter((other) => other !== one);
    expect(found({ soundings: [...others, moved(one, -2_000)] }).kinds).toContain('offWindow');
    expect(found({ soundings: [...others, moved(one, 60_000)] }).kinds).toContain('offWindow');
    const strange = { ...one, content: null, fromMs: 0, toMs: 0 };
    expect(found({ soundings: [...good.soundings, strange] }).kinds).toContain('offWindow');
  });

  it('is judged to miss writes when the controller knows nothing of what it said yes to, or its receipts say other than what sounded', () => {
    const { speaker, content } = whole();
    const { final } = good;
    expect(found({ final: { ...final, broadcasts: final.broadcasts.slice(1) } }).kinds).toContain(
      'missingWrites',
    );
    const silent = final.broadcasts.map((broadcast) => ({
      ...broadcast,
      deliveries: broadcast.deliveries.map((delivery) => ({ ...delivery, played: false, plays: [] })),
    }));
    expect(found({ final: { ...final, broadcasts: silent } }).kinds).toContain('missingWrites');
    // "Played", and nothing was heard.
    expect(found({ soundings: without(speaker, content) }).kinds).toContain('missingWrites');
  });

  it('proves nothing when too little was playable', () => {
    const [fault] = good.faults;
    if (fault === undefined) throw new Error('nothing was broken');
    const down = good.facts.speakers.map((target) => ({
      ...{ ...fault, target, kind: 'kill-agent', skipped: null },
      ...{ at: good.facts.startedAt, until: good.final.settledAt },
    })) satisfies Evidence['faults'];
    expect(judge({ ...good, faults: down }).invalid).toContain('playable');
  });

  it('says what is wrong, where, and ends with another code', async () => {
    const { speaker, content } = whole();
    new EvidenceFolder(folder).writeSoundings(without(speaker, content));
    const judged = await torture(['--judge', folder]);
    expect(judged.code).toBe(1);
    expect(judged.lines.some((line) => line.startsWith('lost: ') && line.includes(speaker))).toBe(true);
    expect(JSON.parse(judged.lines.at(-1) ?? '')).toMatchObject({ lost: 1 });
  });
});
