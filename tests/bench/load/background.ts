import { genesis, heldHash } from '#protocols';
import { JOURNAL_EPOCH, LightSpeaker, type LightSpeakerIdentity } from './light-speaker.ts';

/** Loudspeakers that do nothing but report their health, at a steady rate all together. */
export class BackgroundIngest {
  readonly #identities: readonly LightSpeakerIdentity[];
  readonly #perSecond: number;
  readonly #speakers: LightSpeaker[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;

  constructor(identities: readonly LightSpeakerIdentity[], perSecond: number) {
    this.#identities = identities;
    this.#perSecond = perSecond;
  }

  /** Connects to a controller's plain MQTT port and begins. */
  async start(port: number): Promise<void> {
    for (const identity of this.#identities) {
      const speaker = new LightSpeaker({ identity, port, tls: false, hello: true, onOrder: () => {} });
      await speaker.connect();
      this.#speakers.push(speaker);
    }
    this.#timer = setInterval(() => this.#report(), 1000 / this.#perSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const speaker of this.#speakers.splice(0)) speaker.close();
  }

  #report(): void {
    const at = this.#sent++ % this.#identities.length;
    const identity = this.#identities[at];
    // Whole and signed each time: a fleet's are mostly short and unsigned. The hello was number 1.
    if (identity !== undefined)
      this.#speakers[at]?.publish('health', { ...healthOf(identity.speakerId), n: this.#sent + 1 });
  }
}

/** A health report as an idle loudspeaker sends it. */
export function healthOf(speakerId: string): object {
  return {
    v: 1,
    sessionEpoch: 1,
    at: Date.now(),
    agentVersion: 'load',
    uptimeSeconds: 86_400,
    cpuTemperatureC: 51.2,
    load1: 0.12,
    memory: { totalBytes: 1_000_000_000, freeBytes: 600_000_000 },
    disk: { totalBytes: 16_000_000_000, freeBytes: 9_000_000_000 },
    network: { interface: 'wwan0', address: '10.64.0.17', receivedBytes: 1_200_000, sentBytes: 800_000 },
    output: { kind: 'alsa', ok: true, detail: '' },
    clock: { trust: 'trusted', offsetMs: 2.1, boundMs: 8.5 },
    playing: null,
    assignment: null,
    held: heldHash([]),
    journal: {
      epoch: JOURNAL_EPOCH,
      oldestSeq: 1,
      lastSeq: 0,
      lastHash: genesis(speakerId, JOURNAL_EPOCH).hash,
    },
    problems: [],
  };
}
