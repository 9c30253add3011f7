import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateSigningKey, signBatch, topicOf } from '#protocols';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import type { TestSpeaker } from '../integration/mqtt/test-speaker.ts';
import { Commune, logOf } from './support/commune.ts';

const NONCE = 'n'.repeat(22);

let commune: Commune;
let speaker: TestSpeaker;

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('refused') }).start();
  speaker = await commune.addRaw('raw-1');
});
afterAll(() => commune.stop());

/** Everything sent before was taken from the broker. */
async function taken(): Promise<void> {
  await speaker.send('timeRequest', { v: 1, nonce: NONCE });
  await speaker.next('time');
}

/** How much higher the counter is after the act. */
async function counted(name: string, labels: string, act: () => Promise<unknown>): Promise<number> {
  const before = await commune.metric(name, labels);
  await act();
  await until(`${name}{${labels}}`, async () => (await commune.metric(name, labels)) > before, 10_000);
  return (await commune.metric(name, labels)) - before;
}

const refused = (code: string, act: () => Promise<unknown>) =>
  counted('loa_mqtt_refused_total', `code="${code}"`, async () => {
    await act();
    await taken();
  });

it.each([
  ['malformed: no JSON', 'document.malformed', () => speaker.send('answer', 'not JSON')],
  ['malformed: another shape', 'document.malformed', () => speaker.send('health', '[]')],
  [
    'of an unknown version',
    'document.unknown_version',
    () => speaker.send('hello', { ...speaker.hello(), v: 2 }),
  ],
  [
    'naming another loudspeaker',
    'message.wrong_sender',
    () => {
      const line = speaker.write({ kind: 'boot' });
      const { batch } = { batch: speaker.batch() };
      speaker.lines.pop();
      speaker.head = { seq: 0, hash: line.entry.prev };
      return speaker.send('journal', { ...batch, speakerId: 'raw-2' });
    },
  ],
])('a message %s is refused with a code and counted', async (_what, code, act) => {
  expect(await refused(code, act)).toBe(1);
});

it('receipts that are not signed by the registered key are refused, and the signed ones taken', async () => {
  speaker.write({ kind: 'boot' });
  const batch = speaker.batch();
  const forged = { ...batch, signature: `${batch.signature.slice(0, -4)}AAAA` };
  expect(
    await counted('loa_receipts_refused_total', 'code="journal.bad_signature"', () =>
      speaker.send('journal', forged),
    ),
  ).toBe(1);
  expect(await speaker.ack()).toMatchObject({ seq: 0, code: 'journal.bad_signature' });
  const { after, epoch, oldestSeq } = batch;
  const header = { speakerId: speaker.id, after, epoch, oldestSeq };
  const stranger = signBatch(header, speaker.lines, generateSigningKey());
  expect(
    await counted('loa_receipts_refused_total', 'code="journal.unknown_key"', () =>
      speaker.send('journal', stranger),
    ),
  ).toBe(1);
  await speaker.send('journal', batch);
  expect(await speaker.ack()).toMatchObject({ seq: 1, hash: speaker.head.hash });
  // Replayed: acknowledged again, stored once.
  await speaker.send('journal', batch);
  expect(await speaker.ack()).toMatchObject({ seq: 1 });
  const { rows } = await commune.controller
    .as('technician')
    .get<{ rows: object[] }>(`/speakers/${speaker.id}/journal`);
  expect(rows).toHaveLength(1);
});

it('what somebody says in the name of a loudspeaker without its key is refused, flagged, and logged once', async () => {
  const victim = await commune.addRaw('raw-2');
  const key = generateSigningKey();
  const order = { id: 'ord_x', hash: '0'.repeat(64), broadcastId: 'brc_x' };
  const forged = async () => {
    await victim.send('hello', victim.text('hello', victim.hello(), key));
    await victim.send('health', victim.text('health', victim.health(), key));
    await victim.send('answer', victim.text('answer', victim.answer(order), key));
    await victim.send('answer', JSON.stringify(victim.answer(order)));
  };
  const shownAs = (condition: string) =>
    until(`it to be shown as ${condition}`, async () => {
      return (await commune.speaker(victim.id)).status?.condition === condition;
    });
  await shownAs('ok');
  const label = 'code="message.bad_signature"';
  const before = await commune.metric('loa_mqtt_refused_total', label);
  await forged();
  await forged();
  await until('all to be counted', async () => {
    return (await commune.metric('loa_mqtt_refused_total', label)) === before + 8;
  });
  await shownAs('degraded');
  await until('it to be logged once', async () => {
    const lines = (await logOf(commune.folder, 'controller')).split('\n');
    return lines.filter((line) => line.includes('without its key') && line.includes(victim.id)).length === 1;
  });
  // Its own good report does not make that forgotten.
  await victim.send('health', victim.health({ uptimeSeconds: 4_242 }));
  const status = await until('its own report', async () => {
    const now = (await commune.speaker(victim.id)).status;
    return now?.health?.uptimeSeconds === 4_242 && now;
  });
  expect(status.condition).toBe('degraded');
});

it('a hello of an older session is passed over', async () => {
  speaker.sessionEpoch = 7;
  await speaker.send('hello', speaker.hello());
  expect((await speaker.welcome()).sessionEpoch).toBe(7);
  await speaker.send('presence', { v: 1, sessionEpoch: 6, online: false });
  await taken();
  expect((await commune.speaker(speaker.id)).status).toMatchObject({ link: 'online' });
});

it('an answer to an order that was never given, or is long over, changes nothing', async () => {
  const order = { id: 'ord_no-such', hash: '0'.repeat(64), broadcastId: 'brc_no-such' };
  await speaker.send('answer', speaker.answer(order));
  await taken();
  expect(await commune.broadcasts()).toEqual([]);
});

it('what is too large, or for another topic, ends the connection of its sender alone', async () => {
  const bystander = await commune.addRaw('raw-3');
  const large = await commune.addRaw('raw-large');
  const stray = await commune.addRaw('raw-stray');
  const ended = ({ client }: TestSpeaker) =>
    new Promise<void>((resolve) => client?.once('close', () => resolve()));
  const ends = [ended(large), ended(stray)];
  expect(
    await counted('loa_broker_refused_connections_total', 'reason="packet_too_large"', async () => {
      large.client?.publish(topicOf('journal', large.id), Buffer.alloc(70_000));
    }),
  ).toBe(1);
  expect(
    await counted('loa_broker_refused_packets_total', 'reason="publish"', async () => {
      stray.client?.publish(topicOf('health', bystander.id), JSON.stringify(bystander.health()));
    }),
  ).toBe(1);
  await Promise.all(ends);
  expect(bystander.client?.connected).toBe(true);
});

it('and after all that a broadcast works', async () => {
  const agent = await commune.addAgent('loa-after');
  const prepared = await commune.prepare({ seconds: 1.5, seed: 31 });
  const broadcast = await commune.play(prepared, ['loa-after', speaker.id], { leadMs: 1_500 });
  expect(await speaker.next('order')).toContain('.');
  expect(await commune.settled(broadcast.id, 'loa-after')).toMatchObject({ state: 'finished', played: true });
  expect(await readFile(`${agent.dataFolder}/../agent.log`, 'utf8')).not.toContain('"level":"error"');
}, 60_000);
