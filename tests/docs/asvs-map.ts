import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepo } from '../helpers/repo-root.ts';

/** Where the map of requirements lies, a file for each chapter. */
export const ASVS_FOLDER = 'docs/asvs';

export const ASVS_STATES = ['met', 'partly', 'not', 'n.a.'] as const;
export type AsvsState = (typeof ASVS_STATES)[number];

/** One row of the map. */
export interface AsvsRow {
  /** "1.2.3" */
  readonly number: string;
  readonly level: number;
  readonly what: string;
  readonly state: AsvsState;
  /** Code and tests. */
  readonly where: string;
  /** What lacks, or why it does not apply. */
  readonly lacks: string;
}

export interface AsvsChapter {
  /** Name of the file in the folder. */
  readonly file: string;
  readonly number: number;
  readonly title: string;
  readonly text: string;
  readonly rows: readonly AsvsRow[];
}

/** The chapters of the map, in the order of the standard. Throws for a file without a title, or a row that is none. */
export function readAsvsMap(): AsvsChapter[] {
  const names = readdirSync(inRepo(ASVS_FOLDER)).filter((name) => name.endsWith('.md'));
  return names
    .sort()
    .map((file) => parseChapter(file, readFileSync(inRepo(join(ASVS_FOLDER, file)), 'utf8')));
}

/** Throws an `Error` for a text without a title, and for a row without six cells, a level or a state that we know. */
export function parseChapter(file: string, text: string): AsvsChapter {
  const [, number, title] = /^# V(\d+) (.+)$/m.exec(text) ?? [];
  if (number === undefined || title === undefined) throw new Error(`${file} has no title`);
  const lines = text.split('\n').filter((line) => /^\| *[Vv]?\d+\.\d/.test(line));
  return { file, number: Number(number), title, text, rows: lines.map((line) => parseRow(file, line)) };
}

function parseRow(file: string, line: string): AsvsRow {
  const cells = line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
  const [number = '', level = '', what = '', named = '', where = '', lacks = ''] = cells;
  const state = ASVS_STATES.find((one) => one === named);
  if (cells.length !== 6 || !/^\d+\.\d+\.\d+$/.test(number) || !/^[12]$/.test(level) || state === undefined)
    throw new Error(`${file}: not a row of the map: ${line}`);
  return { number, level: Number(level), what, state, where, lacks };
}

/** How many rows of each chapter are in which state, with a line for each level and for all. */
export function asvsCounts(chapters: readonly AsvsChapter[]): string[][] {
  const count = (name: string, rows: readonly AsvsRow[]) => [
    name,
    ...ASVS_STATES.map((state) => String(rows.filter((row) => row.state === state).length)),
    String(rows.length),
  ];
  const all = chapters.flatMap(({ rows }) => rows);
  return [
    ...chapters.map(({ number, title, file, rows }) => count(`[V${number} ${title}](asvs/${file})`, rows)),
    ...[1, 2].map((level) =>
      count(
        `level ${level}`,
        all.filter((row) => row.level === level),
      ),
    ),
    count('**all**', all),
  ];
}
