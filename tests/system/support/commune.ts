import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hear, locateBinaries } from '#media';
import type {
  AnnouncementCreate,
  AnnouncementView,
  BroadcastDetail,
  BroadcastView,
  Coverage,
  DeliveryList,
  JournalEntry,
  MediaJobView,
  PlayRequest,
  Policy,
  Provisioning,
  SigningKey,
  SpeakerView,
} from '#protocols';
import { enterAgent, enterWithKey } from '../../helpers/enrol.ts';
import { fromS16 } from '../../helpers/pcm.ts';
import { AgentProcess, ControllerProcess } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';
import { TestSpeaker } from '../../integration/mqtt/test-speaker.ts';
import { LiveView } from './live-view.ts';
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

/** A controller as a process of its own, with an open policy unless told otherwise, and whoever is entered there. */
export class Commune {
  readonly folder: string;
  readonly controller: ControllerProcess;
  readonly #policy: Policy | null;
  readonly #agents = new Map<string, Member>();
  readonly #raw: TestSpeaker[] = [];
  readonly #views: LiveView[] = [];

  /** `policy`: null leaves the one that the first run has made. */
  constructor(options: {
    readonly folder: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly policy?: Policy | null;
    /** False: nobody has an account, as at a first start. */
    readonly chairman?: boolean;
  }) {
    const { folder, env = {}, policy = ALL_DAY, chairman = true } = options;
    this.folder = folder;
    this.#policy = policy;
    this.controller = new ControllerProcess({
      folder,
      areas: [AREA],
      chairman,
      env: { LOA_AREA: `${AREA}/xã/Tân An`, ...env },
    });
  }

  async start(): Promise<this> {
    await this.controller.start();
    const policy = this.#policy;
    if (policy !== null) await this.controller.as('administrator').patch(`/areas/${AREA}`, { policy });
    return this;
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    for (const view of this.#views) view.close();
    for (const speaker of this.#raw) speaker.cut();
    await Promise.all([...this.#agents.values()].map(({ agent }) => agent.end('SIGKILL')));
    await this.controller.end('SIGKILL');
  }

  /** Enters a hamlet of the commune. */
  async addHamlet(id: string, name: string): Promise<void> {
    await this.controller.as('administrator').post('/areas', { id, parentId: AREA, kind: 'thôn', name });
  }

  /** Enters a loudspeaker that a test plays itself. */
  enter(id: string): Promise<Provisioning & { readonly key: SigningKey }> {
    return enterWithKey(this.controller.as('technician'), { id, areaId: AREA, name: `Cụm loa ${id}` });
  }

  /** Enters a loudspeaker and starts its agent; resolves when it is online. `url`: where it finds the controller. */
  async addAgent(
    id: string,
    options: {
      readonly env?: Readonly<Record<string, string>>;
      readonly url?: string;
      readonly areaId?: string;
    } = {},
  ): Promise<AgentProcess> {
    const body = { id, areaId: options.areaId ?? AREA, name: `Cụm loa ${id}` };
    const entered = await enterAgent(this.controller.as('technician'), body, join(this.folder, id));
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
    const { secret, key } = await this.enter(id);
    const speaker = new TestSpeaker({ id, secret, key, url });
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

  /** Brings in a sound of so many seconds, or a file, and has it approved. `more`: what else the announcement says. */
  async prepare(
    sound: { readonly seconds: number; readonly seed: number } | string,
    more: Partial<AnnouncementCreate> = {},
  ): Promise<Prepared> {
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
    const announcementId = await this.approved({ mediaSha256: sha256, ...more });
    return { announcementId, sha256, durationMs, samples: await this.#decoded(sha256) };
  }

  /** Enters an announcement and has it approved; resolves with its id. */
  async approved(contents: Partial<AnnouncementCreate>): Promise<string> {
    const editor = this.controller.as('editor');
    const { id, approvalHash } = await editor.post<AnnouncementView>('/announcements', {
      areaId: AREA,
      title: 'Bản tin thử',
      category: 'thong-bao',
      language: 'vi',
      ...contents,
    });
    await editor.post(`/announcements/${id}/submit`, {});
    await this.controller.as('chairman').post(`/announcements/${id}/approve`, { sha256: approvalHash });
    return id;
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

  coverage(broadcastId: string): Promise<Coverage> {
    return this.controller.as('editor').get(`/broadcasts/${broadcastId}/coverage`);
  }

  /** The journal of a loudspeaker as far as it came, from its newest epoch. */
  async journal(speakerId: string): Promise<JournalEntry[]> {
    const { rows } = await this.controller
      .as('technician')
      .get<{ rows: { line: string }[] }>(`/speakers/${speakerId}/journal?limit=2000`);
    return rows.map(({ line }) => JSON.parse(line) as JournalEntry);
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
