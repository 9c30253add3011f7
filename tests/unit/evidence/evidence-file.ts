import type { Evidence } from '#evidence';
import {
  type ChainedLine,
  chainLine,
  generateSigningKey,
  genesis,
  type JournalFact,
  type SigningKey,
  sha256,
  signBatch,
  signDocument,
  signKeyStatement,
} from '#protocols';

const NOW = Date.UTC(2026, 10, 20);

/** A loudspeaker's journal in the making. */
class Writer {
  readonly lines: ChainedLine[] = [];
  readonly speakerId: string;
  readonly epoch: string;

  constructor(speakerId: string, epoch: string) {
    this.speakerId = speakerId;
    this.epoch = epoch;
  }

  write(fact: Omit<JournalFact, 'at' | 'clockErrorMs'>): void {
    const after = this.lines.at(-1)?.position ?? genesis(this.speakerId, this.epoch);
    const at = NOW + this.lines.length * 1_000;
    this.lines.push(chainLine(this.epoch, after, { ...fact, at, clockErrorMs: 1 }));
  }

  /** The lines of [from, to), counted from 0, under one signature, as an evidence file tells it. */
  batch(from: number, to: number, key: SigningKey) {
    const after = this.lines[from - 1]?.position ?? genesis(this.speakerId, this.epoch);
    const { speakerId, epoch } = this;
    const lines = this.lines.slice(from, to);
    const { keyId, signature } = signBatch({ speakerId, epoch, after, oldestSeq: 1 }, lines, key);
    const head = lines.at(-1)?.position ?? after;
    return { keyId, headSeq: head.seq, headHash: head.hash, signature, receivedAt: NOW };
  }
}

export interface Made {
  readonly evidence: Evidence;
  readonly keys: { readonly root: SigningKey; readonly first: SigningKey; readonly speaker: SigningKey };
}

/** An honest file: two key statements, an order of each key, a plan line, one loudspeaker that played all three. */
export async function honestFile(): Promise<Made> {
  const [root, first, second, speaker] = [1, 2, 3, 4].map(() => generateSigningKey()) as [
    SigningKey,
    SigningKey,
    SigningKey,
    SigningKey,
  ];
  const named = (key: SigningKey) => ({ kid: key.kid, publicKey: key.publicKey, uses: ['order'] });
  const statement = (n: number, previous: string | null, key: SigningKey) =>
    signKeyStatement({ v: 1, n, previous, roots: [root.publicKey], keys: [named(key)], issuedAt: NOW }, root);
  const one = await statement(1, null, first);
  const two = await statement(2, sha256(one), second);
  const order = (n: number, key: SigningKey) =>
    signDocument(
      'order',
      { v: 1, kind: 'play', broadcastId: `brc_${n}`, title: `Bản tin ${n}`, startsAt: NOW },
      key,
    );
  const orders = [await order(1, first), await order(2, second)];
  const slots = [JSON.stringify({ v: 1, kind: 'play', broadcastId: 'brc_3', title: 'Lịch', startsAt: NOW })];
  const journal = new Writer('loa-1', 'jnl_1');
  journal.write({ kind: 'boot' });
  for (const [i, text] of [...orders, ...slots].entries()) {
    const play = { broadcastId: `brc_${i + 1}`, orderHash: sha256(text), play: 1 } as const;
    journal.write({
      kind: 'started',
      ...play,
      startErrorMs: 0.5,
      plannedAt: NOW,
      output: 'alsa',
      evidence: 'reported',
    });
    journal.write({
      kind: 'finished',
      ...play,
      fromMs: 0,
      toMs: 4_000,
      output: 'alsa',
      evidence: 'reported',
    });
  }
  const rows = journal.lines.map(({ line, position: { seq, hash } }) => ({ seq, hash, line, flags: [] }));
  const batches = [journal.batch(0, 3, speaker), journal.batch(3, 7, speaker)];
  const evidence: Evidence = {
    v: 1,
    kind: 'loa-evidence',
    ...{ exportedAt: NOW, area: 'Tân An', from: NOW, to: NOW + 86_400_000 },
    ...{ rootKeys: [root.publicKey], statements: [one, two], orders, slots },
    speakers: [
      {
        ...{ id: 'loa-1', name: 'Ấp 1', area: 'Ấp 1', keys: { [speaker.kid]: speaker.publicKey } },
        journals: [{ epoch: 'jnl_1', rows, batches }],
      },
    ],
  };
  return { evidence, keys: { root, first, speaker } };
}
