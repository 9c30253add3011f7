import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type PlayOrder, payloadOf } from '#protocols';
import { fakeTimeLibrary, itWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { setClock, wrongClock } from '../torture/scene.ts';
import { Commune } from './support/commune.ts';
import type { Overheard } from './support/owned-line.ts';
import { Contents, FLOOD, OwnedVillage } from './support/owned-village.ts';

const LIMIT_MS = 180_000;
const HOURS = 3_600_000;

itWith(
  ['faketime'],
  'whoever owns the broker and NTP keeps an emergency back until it is over: it is silent, told as expired, and the next one sounds',
  async () => {
    const folder = tempDir('owned-time');
    const commune = await new Commune({ folder }).start();
    onTestFinished(() => commune.stop());
    const contents = new Contents();
    const village = new OwnedVillage('bac', commune, contents);
    onTestFinished(() => village.line.stop());
    const clockFile = join(folder, 'clock');
    setClock(clockFile, 0);
    const clock = wrongClock(fakeTimeLibrary() ?? '', clockFile);
    await Promise.all([village.start(clock), contents.prepare(commune)]);
    await village.attack(async ({ line, dinh, cau, area }) => {
      const speakers = [dinh, cau];
      // From now on nobody is told the time, and every clock that he reaches contradicts what was told before.
      const isTime = ({ name }: Overheard) => name === 'time';
      line.rule = (one) => (isTime(one) ? 'keep' : 'pass');
      const seen = line.overheard.length;
      setClock(clockFile, -3 * HOURS);
      const doubts = (speaker: string) =>
        line.overheard
          .slice(seen)
          .some((one) => one.speaker === speaker && one.name === 'health' && /"disputed"/.test(one.payload));
      await until('both to doubt the time', () => speakers.every(doubts), 60_000);
      line.rule = (one) => (isTime(one) || /order$/i.test(one.name) ? 'keep' : 'pass');
      const flood = await village.order(FLOOD, { areas: [area] }, { until: Date.now() + 6_000 });
      const { payload } = await village.orderOf(flood, dinh);
      const { expiresAt } = JSON.parse(payloadOf(payload).toString()) as PlayOrder;
      // What is certain of the time lags a little behind it: by the way of the last answer, and with a slow crystal in mind.
      await until('the emergency to be over', () => Date.now() >= expiresAt + 1_000, 60_000);
      for (const speaker of speakers) line.tell(speaker, 'areaOrder', area, payload);
      for (const speaker of speakers) {
        const isRefusal = ({ name, speaker: from, payload: said }: Overheard) =>
          name === 'answer' && from === speaker && said.includes(flood.id);
        const refusal = await line.hear('the refusal', isRefusal);
        expect(refusal.payload).toContain('order.expired');
      }
      expect(await Promise.all(speakers.map((one) => village.heardAt(one)))).toEqual([[], []]);
      // One of this moment sounds at once, whatever the clock shows.
      line.rule = (one) => (isTime(one) ? 'keep' : 'pass');
      const now = await village.order(FLOOD, { areas: [area] }, { until: Date.now() + 60_000 });
      await village.over(now);
      const heard = await Promise.all(speakers.map((one) => village.heardAt(one)));
      for (const one of heard) expect(one).toContain(FLOOD);
    });
  },
  LIMIT_MS,
);
