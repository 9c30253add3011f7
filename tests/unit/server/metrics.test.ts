import { expect, it } from 'vitest';
import { type MetricSource, Metrics } from '../../../server/http/metrics.ts';

const source = (value: number): MetricSource => ({
  ...{ name: 'loa_speakers', help: 'Loudspeakers', kind: 'gauge' },
  read: () => [[{}, value]],
});

it('tells the figures of the process beside the own ones, each once, and never those of another controller', async () => {
  const [one, other] = [new Metrics([source(1)]), new Metrics([source(2)])];
  for (const [metrics, value] of [
    [one, 1],
    [other, 2],
    [one, 1],
  ] as const) {
    const lines = (await metrics.page()).split('\n');
    expect(lines.filter((line) => line.startsWith('loa_speakers'))).toEqual([`loa_speakers ${value}`]);
    expect(lines.filter((line) => line.startsWith('loa_process_resident_memory_bytes '))).toHaveLength(1);
  }
});
