import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hear, locateBinaries } from '#media';
import type {
  AnnouncementView,
  BroadcastDetail,
  BroadcastView,
  DeliveryList,
  MediaJobView,
  PlayRequest,
  Provisioning,
  SpeakerView,
} from '#protocols';
import { fromS16 } from '../../helpers/pcm.ts';
import { AgentProcess, ControllerProcess } from '../../helpers/processes.ts';
import { TestSpeaker } from '../../integration/mqtt/test-speaker.ts';
import { LiveView } from './live-view.ts';
import { until } from './until.ts';
import { writeVoice } from './voice.ts';

/** The area of everything here. */
export const AREA = 'tan-an';
const ALL_DAY = {
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  // As loud at night as by day.
  night: null,
  legalBasis: 'test',
};

export type Delivery = DeliveryList['deliveries'][number];

/** An approved announcement and how it sounds. */
export interface Prepared {
  readonly announcementId: string;
  readonly sha256: string;
  readonly durationMs: number;
  /** The delivered file, decoded. */
  readonly samples: Float32Array;
}

interface Member {
  readonly agent: AgentProcess;
  readonly provisioning: Provisioning;
}

/** A controller as a process of its own, with an open policy, and whoever is entered there. */
export class Commune {
  readonly folder: string;
  readonly controller: ControllerProcess;
  readonly #agents = new Map<string, Member>();
  readonly #raw: TestSpeaker[] = [];
  readonly #views: LiveView[] = [];

  constructor(options: { readonly folder: string; readonly env?: Readonly<Record<string, string>> }) {
    const { folder, env = {} } = options;
    this.folder = folder;
    this.controller = new ControllerProcess({
      folder,
      areas: [AREA],
      env: { LOA_AREA: `${AREA}/xã/Tân An`, ...env },
    });
  }

  async start(): Promise<this> {
    await this.controller.start();
    await this.controller.as('administrator').patch(`/areas/${AREA}`, { policy: ALL_DAY });
    return this;
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    for (const view of this.#views) view.close();
    for (const speaker of this.#raw) speaker.cut();
    await Promise.all([...this.#agents.values()].map(({ agent }) => agent.end('SIGKILL')));
    await this.controller.end('SIGKILL');
  }

  /** Enters a loudspeaker. */
  async enter(id: string): Promise<Provisioning> {
    const body = { id, areaId: AREA, name: `Cụm loa ${id}` };
    const { provisioning } = await this.controller
      .as('technician')
      .post<{ provisioning: Provisioning }>('/speakers', body);
    return provisioning;
  }

  /** Enters a loudspeaker and starts its agent; resolves when it is online. `url`: where it finds the controller. */
  async addAgent(
    id: string,
    options: { readonly env?: Readonly<Record<string, string>>; readonly url?: string } = {},
  ): Promise<AgentProcess> {
    const entered = await this.enter(id);
    const provisioning = { ...entered, ...(options.url === undefined ? {} : { url: options.url }) };
    const { ffmpeg } = await locateBinaries();
    const agent = new AgentProcess({
      folder: join(this.folder, id),
      provisioning,
      env: { LOA_AGENT_FFMPEG: ffmpeg, ...options.env },
    });
    this.#agents.set(id, { agent, provisioning });
    await agent.start();
    await this.online(id);
    return agent;
  }

  /** Enters a loudspeaker that a test plays itself, on the MQTT port; connected and welcomed. */
  async addRaw(id: string, url = `mqtt://127.0.0.1:${this.controller.mqttPort}`): Promise<TestSpeaker> {
    const { secret } = await this.enter(id);
    const speaker = new TestSpeaker({ id, secret, url });
    this.#raw.push(speaker);
    await speaker.connect([AREA]);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    return speaker;
  }

  speaker(id: string): Promise<SpeakerView> {
    return this.controller.as('technician').get(`/speakers/${id}`);
  }

  /** Resolves when the loudspeaker is online and holds its assignment, so that orders to its areas reach it. */
  async online(id: string): Promise<void> {
    await until(`"${id}" to be online`, async () => {
      const { status } = await this.speaker(id);
      return status?.link === 'online' && status.assignmentHeld;
    });
  }

  /** Live events from now on. Open one before the act whose events are wanted. */
  live(): LiveView {
    const view = new LiveView(this.controller.as('editor'));
    this.#views.push(view);
    return view;
  }

  /** Brings in a sound of so many seconds, or a file, and has it approved. */
  async prepare(sound: { readonly seconds: number; readonly seed: number } | string): Promise<Prepared> {
    let file: string;
    if (typeof sound === 'string') file = sound;
    else {
      file = join(this.folder, `voice-${sound.seed}.wav`);
      await writeVoice(file, sound.seconds, sound.seed);
    }
    const editor = this.controller.as('editor');
    const queued = await editor.upload<MediaJobView>(`/media?area=${AREA}`, file);
    const medium = await until(
      'the audio to be prepared',
      async () => {
        const job = await editor.get<MediaJobView>(`/media/jobs/${queued.id}`);
        if (job.error !== null) throw new Error(job.error.message);
        return job.medium ?? undefined;
      },
      60_000,
    );
    const { sha256, durationMs } = medium;
    const announcement = await editor.post<AnnouncementView>('/announcements', {
      areaId: AREA,
      title: 'Bản tin thử',
      category: 'thong-bao',
      language: 'vi',
      mediaSha256: sha256,
    });
    await editor.post(`/announcements/${announcement.id}/submit`, {});
    await this.controller.as('chairman').post(`/announcements/${announcement.id}/approve`, { sha256 });
    return { announcementId: announcement.id, sha256, durationMs, samples: await this.#decoded(sha256) };
  }

  /** A request to broadcast to these loudspeakers. */
  playRequest(prepared: Prepared, speakers: readonly string[], more: Partial<PlayRequest> = {}): PlayRequest {
    return {
      announcementId: prepared.announcementId,
      targets: { speakers: [...speakers] },
      leadMs: 2_500,
      ...more,
    };
  }

  play(
    prepared: Prepared,
    speakers: readonly string[],
    more: Partial<PlayRequest> = {},
  ): Promise<BroadcastView> {
    return this.controller.as('editor').post('/broadcasts', this.playRequest(prepared, speakers, more));
  }

  async broadcast(id: string): Promise<BroadcastView> {
    return (await this.controller.as('editor').get<BroadcastDetail>(`/broadcasts/${id}`)).broadcast;
  }

  async broadcasts(): Promise<BroadcastView[]> {
    const { broadcasts } = await this.controller
      .as('editor')
      .get<{ broadcasts: BroadcastView[] }>('/broadcasts?limit=200');
    return broadcasts;
  }

  async delivery(broadcastId: string, speakerId: string): Promise<Delivery> {
    const { deliveries } = await this.controller
      .as('editor')
      .get<DeliveryList>(`/broadcasts/${broadcastId}/deliveries`);
    const found = deliveries.find((one) => one.speakerId === speakerId);
    if (found === undefined) throw new Error(`"${speakerId}" is no target of "${broadcastId}"`);
    return found;
  }

  /** Resolves with the delivery when it is in one of these states. */
  settled(
    broadcastId: string,
    speakerId: string,
    states: readonly Delivery['state'][] = ['finished', 'failed', 'missed', 'refused', 'cancelled'],
    limitMs = 30_000,
  ): Promise<Delivery> {
    return until(
      `the delivery at "${speakerId}" to be ${states.join(' or ')}`,
      async () => {
        const delivery = await this.delivery(broadcastId, speakerId);
        return states.includes(delivery.state) && delivery;
      },
      limitMs,
    );
  }

  /** A figure of /metrics, 0 when it is not there. `labels` as Prometheus writes them: `code="x"`. */
  async metric(name: string, labels = ''): Promise<number> {
    const headers = { authorization: `Bearer ${this.controller.token('technician')}` };
    const page = await (await fetch(`${this.controller.url}/metrics`, { headers })).text();
    const wanted = labels === '' ? `${name} ` : `${name}{${labels}} `;
    const line = page.split('\n').find((one) => one.startsWith(wanted));
    return Number(line?.slice(wanted.length) ?? 0);
  }

  async #decoded(sha256: string): Promise<Float32Array> {
    const headers = { authorization: `Bearer ${this.controller.token('editor')}` };
    const answer = await fetch(`${this.controller.url}/api/v1/media/${sha256}`, { headers });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new Error(`the controller gives other bytes than "${sha256}"`);
    const file = join(this.folder, `${sha256}.ogg`);
    await writeFile(file, bytes);
    return fromS16((await hear(file)).pcm);
  }
}

/** The log of a program, for a test that wants to see a line in it. */
export function logOf(folder: string, name: 'agent' | 'controller'): Promise<string> {
  return readFile(join(folder, `${name}.log`), 'utf8');
}
