import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Exclusive } from '#kit';
import type { BroadcastView } from '#protocols';
import { until } from '../../helpers/until.ts';
import { encodeWav } from '../../torture/sound-code.ts';
import { AREA, type Commune, type Prepared } from './commune.ts';
import { Ears, type Heard, type Stretch } from './ears.ts';
import { isOrder, lineAccount, orderIn } from './line-account.ts';
import { type Overheard, OwnedLine } from './owned-line.ts';

/** Contents by number: what the commune says, what the attacker would like to be said, the proof that all works, an emergency. */
export const [NEWS, LIE, PROOF, FLOOD] = [1, 2, 3, 4] as const;
export type Number = typeof NEWS | typeof LIE | typeof PROOF | typeof FLOOD;
const BLOCKS = 4;
/** A loudspeaker reads the time a little otherwise. */
const SURELY_LATER_MS = 1_000;
const FINAL = ['finished', 'failed', 'missed', 'refused', 'cancelled', 'interrupted'] as const;

/** The contents, prepared once. */
export class Contents {
  readonly #all = new Map<Number, Prepared>();

  async prepare(commune: Commune): Promise<void> {
    const one = async (number: Number) => {
      const file = join(commune.folder, `content-${number}.wav`);
      await writeFile(file, encodeWav(number, BLOCKS));
      const more = number === FLOOD ? ({ category: 'canh-bao', priority: 'emergency' } as const) : {};
      this.#all.set(number, await commune.prepare(file, more));
    };
    await Promise.all([NEWS, LIE, PROOF, FLOOD].map(one));
  }

  of(number: Number): Prepared {
    const found = this.#all.get(number);
    if (found === undefined) throw new Error(`content ${number} was not prepared`);
    return found;
  }
}

/** Two hamlets with a loudspeaker each, whose broker and router belong to somebody else. */
export class OwnedVillage {
  readonly area: string;
  readonly apDinh: string;
  readonly apCau: string;
  readonly dinh: string;
  readonly cau: string;
  readonly line: OwnedLine;
  readonly #commune: Commune;
  readonly #contents: Contents;
  readonly #ears = new Map<string, Ears>();
  readonly #one = new Exclusive();

  constructor(name: string, commune: Commune, contents: Contents) {
    this.area = name;
    [this.apDinh, this.apCau] = [`${name}-dinh`, `${name}-cau`];
    [this.dinh, this.cau] = [`loa-${name}-dinh`, `loa-${name}-cau`];
    this.#commune = commune;
    this.#contents = contents;
    this.line = new OwnedLine(commune.controller.httpPort);
  }

  /** `env`: of the processes of its loudspeakers. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.line.start();
    const administrator = this.#commune.controller.as('administrator');
    const enter = (id: string, parentId: string) =>
      administrator.post('/areas', { id, parentId, kind: 'thôn', name: `Thôn ${id}` });
    await enter(this.area, AREA);
    for (const id of [this.apDinh, this.apCau]) await enter(id, this.area);
    const start = async (id: string, areaId: string) => {
      const { recordings } = await this.#commune.addAgent(id, { env, url: this.line.url, areaId });
      this.#ears.set(id, new Ears(recordings));
    };
    await Promise.all([start(this.dinh, this.apDinh), start(this.cau, this.apCau)]);
  }

  /** One attack at a time: the line is honest before it and after it, and the ears hear what sounds from then on. */
  attack(work: (village: this) => Promise<void>): Promise<void> {
    return this.#one.run(async () => {
      for (const ears of this.#ears.values()) await ears.fresh();
      const from = Date.now();
      try {
        await work(this);
      } catch (error) {
        if (error instanceof Error) error.message += `\n${await this.#account(from)}`;
        throw error;
      } finally {
        this.line.honest();
      }
    });
  }

  /** Orders a content where the commune says so, soon. */
  order(
    number: Number,
    targets: { readonly areas: string[] } | { readonly speakers: string[] },
    more: object = {},
  ): Promise<BroadcastView> {
    return this.#commune.controller.as('editor').post('/broadcasts', {
      ...{ announcementId: this.#contents.of(number).announcementId, targets, prelude: [], leadMs: 300 },
      ...{ latenessMs: 5_000, ...more },
    });
  }

  /** The signed order of a broadcast as it went to a loudspeaker. */
  orderOf({ id }: BroadcastView, speaker: string, kind = 'play'): Promise<Overheard> {
    return this.line.hear(`the ${kind} of ${id}`, (message) => {
      if (message.speaker !== speaker || !isOrder(message)) return false;
      const said = orderIn(message);
      return said.broadcastId === id && said.kind === kind;
    });
  }

  /** Resolves when a broadcast is over at these loudspeakers, by what they told. */
  async over({ id }: BroadcastView, speakers: readonly string[] = [this.dinh, this.cau]): Promise<void> {
    await Promise.all(speakers.map((speaker) => this.#commune.settled(id, speaker, FINAL)));
  }

  /** Changes a loudspeaker's assignment, and waits until the new one has gone to it. */
  async assign(speaker: string, change: object): Promise<void> {
    const seen = this.line.overheard.length;
    await this.#commune.controller.as('technician').patch(`/speakers/${speaker}`, change);
    await until('the assignment', () =>
      this.line.overheard.slice(seen).find(({ name, id }) => name === 'assignment' && id === speaker),
    );
  }

  /** What sounded at a loudspeaker since the attack began. */
  async heardAt(speaker: string): Promise<Heard[]> {
    return (await this.#ears.get(speaker)?.heard()) ?? [];
  }

  /**
   * Waits until nothing can begin any more that was kept back and that the loudspeaker has not answered: an honest line would tell it, and
   * what is told in time rightly sounds.
   */
  async #tooLate(): Promise<void> {
    const { kept, overheard } = this.line;
    const latest = kept.filter(isOrder).map((one) => {
      const order = orderIn(one);
      const isAnswer = ({ name, speaker, payload }: Overheard) =>
        name === 'answer' && speaker === one.speaker && payload.includes(order.id);
      return order.kind === 'play' && !overheard.some(isAnswer) ? order.latestStartAt : 0;
    });
    const over = Math.max(0, ...latest) + SURELY_LATER_MS;
    await until('what was kept back to be too late', () => Date.now() >= over);
  }

  async #account(from: number): Promise<string> {
    const heard = new Map<string, Stretch[]>();
    for (const [speaker, ears] of this.#ears) heard.set(speaker, await ears.stretches());
    return lineAccount(this.line, heard, from);
  }

  /** Lets the line be, plays the proof everywhere, and says what else was heard since the attack began: at `dinh`, at `cau`. */
  async heardBesideProof(): Promise<Heard[][]> {
    await this.#tooLate();
    this.line.honest();
    const proof = await this.order(PROOF, { areas: [this.area] });
    await this.over(proof);
    return Promise.all(
      [this.dinh, this.cau].map(async (speaker) => {
        const heard = await this.heardAt(speaker);
        expect(heard.at(-1), `the proof in the PCM of ${speaker}`).toBe(PROOF);
        return heard.slice(0, -1);
      }),
    );
  }
}
