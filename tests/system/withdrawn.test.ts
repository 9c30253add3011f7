import { expect, it, onTestFinished } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';
import { Commune } from './support/commune.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 120_000;
const SPEAKER = 'loa-dang-phat';

it(
  'what is withdrawn while it sounds stops at the loudspeaker',
  async () => {
    const commune = new Commune({ folder: tempDir('withdrawn') });
    onTestFinished(() => commune.stop());
    await commune.start();
    const [, news] = await Promise.all([
      commune.addAgent(SPEAKER),
      commune.prepare({ seconds: 30, seed: 23 }),
    ]);
    const live = commune.live();
    const { id } = await commune.play(news, [SPEAKER]);
    await live.next(
      'delivery.progress',
      { broadcastId: id, speakerId: SPEAKER, phase: 'playing' },
      ({ fraction }) => (fraction as number) > 0,
    );
    await commune.controller.as('editor').post(`/announcements/${news.announcementId}/withdraw`, {});
    expect(await commune.broadcast(id)).toMatchObject({
      ...{ state: 'cancelled', cancelReason: 'announcement.withdrawn' },
    });
    const stopped = await commune.settled(id, SPEAKER, ['interrupted', 'finished', 'cancelled']);
    expect(stopped).toMatchObject({ code: 'order.cancelled', played: false });
  },
  LIMIT_MS,
);
