import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, SystemClock } from '#kit';
import type { BroadcastDetail, DeliveryList, MediaJobView, Provisioning } from '#protocols';
import { openStorage, SEED_HAMLETS, seedTanAn, TAN_AN } from '../../../server/storage/index.ts';
import { enterAgent } from '../../helpers/enrol.ts';
import { DelayProxy } from '../../helpers/network-delay.ts';
import { ControllerProcess } from '../../helpers/processes.ts';
import { inRepo } from '../../helpers/repo-root.ts';

const clock = new SystemClock();
const POLL_MS = 200;
const ALWAYS = {
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  // As loud at night as by day.
  night: null,
  legalBasis: 'bench',
};
const SETTLED = ['completed', 'partial', 'failed', 'cancelled'];

/** A broadcast that is over. */
export interface Round {
  readonly startsAt: number;
  /** Loudspeakers that say they played it. */
  readonly finished: number;
}

/** The built controller, the announcement that is broadcast, and the bad line that loudspeakers have to it. */
export class Commune {
  readonly controller: ControllerProcess;
  readonly #options: { readonly folder: string; readonly maxDelayMs: number; readonly seed: number };
  #proxy: DelayProxy | undefined;
  #announcementId = '';

  constructor(options: { readonly folder: string; readonly maxDelayMs: number; readonly seed: number }) {
    this.#options = options;
    this.controller = new ControllerProcess({
      folder: options.folder,
      areas: [TAN_AN],
      env: { LOA_LOG_LEVEL: 'warn' },
    });
  }

  /** Where the prepared announcement is, for comparing. */
  get prepared(): string {
    return join(this.#options.folder, 'prepared.ogg');
  }

  /** Starts controller and line, and has the announcement prepared and approved. */
  async start(): Promise<void> {
    await mkdir(this.controller.dataFolder, { recursive: true });
    const storage = openStorage({ url: `file:${join(this.controller.dataFolder, 'loa.db')}`, clock });
    await storage.start();
    await seedTanAn(storage, clock.now());
    await storage.stop();
    await this.controller.start();
    const { maxDelayMs, seed } = this.#options;
    this.#proxy = new DelayProxy({ target: { port: this.controller.httpPort }, maxDelayMs, seed });
    await this.#proxy.start();
    await this.controller.as('administrator').patch(`/areas/${TAN_AN}`, { policy: ALWAYS });
    const editor = this.controller.as('editor');
    const audio = inRepo('server/demo/loi-chao.flac');
    let job = await editor.upload<MediaJobView>(`/media?area=${TAN_AN}`, audio);
    while (job.medium === null) {
      if (job.error !== null) throw new Error(job.error.message);
      await delay(clock, 'bench poll', POLL_MS);
      job = await editor.get<MediaJobView>(`/media/jobs/${job.id}`);
    }
    const { sha256 } = job.medium;
    const { id, approvalHash } = await editor.post<{ id: string; approvalHash: string }>('/announcements', {
      areaId: TAN_AN,
      title: 'Lời chào để đo',
      category: 'chuc-mung',
      language: 'vi',
      mediaSha256: sha256,
    });
    await editor.post(`/announcements/${id}/submit`, {});
    await this.controller.as('chairman').post(`/announcements/${id}/approve`, { sha256: approvalHash });
    this.#announcementId = id;
    const answer = await fetch(`${this.controller.url}/api/v1/media/${sha256}`, {
      headers: { authorization: `Bearer ${this.controller.token('editor')}` },
    });
    if (!answer.ok) throw new Error(`the prepared file cannot be fetched: ${answer.status}`);
    await writeFile(this.prepared, Buffer.from(await answer.arrayBuffer()));
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop();
    await this.controller.end();
  }

  /** Enters a loudspeaker whose agent's data lies in `<folder>/data`; it will reach the controller through the bad line, or `direct`. */
  async enter(id: string, index: number, folder: string, direct = false): Promise<Provisioning> {
    const areaId = SEED_HAMLETS[index % SEED_HAMLETS.length]?.id;
    if (areaId === undefined) throw new Error('the seed has no hamlets');
    const body = { id, areaId, name: `Cụm loa ${id}` };
    const provisioning = await enterAgent(this.controller.as('technician'), body, folder);
    const port = direct ? this.controller.httpPort : this.#proxy?.port;
    return { ...provisioning, url: `http://127.0.0.1:${port}` };
  }

  /** Resolves when all these loudspeakers are online. */
  async online(speakers: readonly string[]): Promise<void> {
    type Listed = { speakers: { id: string; status: { link: string } | null }[] };
    for (;;) {
      const listed = await this.controller.as('technician').get<Listed>('/speakers');
      const online = new Set(
        listed.speakers.filter(({ status }) => status?.link === 'online').map(({ id }) => id),
      );
      if (speakers.every((id) => online.has(id))) return;
      await delay(clock, 'bench poll', POLL_MS);
    }
  }

  /** Broadcasts the announcement to these loudspeakers and waits until it is over. */
  async broadcast(speakers: readonly string[], leadMs: number): Promise<Round> {
    const editor = this.controller.as('editor');
    const { id, startsAt } = await editor.post<BroadcastDetail['broadcast']>('/broadcasts', {
      announcementId: this.#announcementId,
      targets: { speakers },
      leadMs,
    });
    for (;;) {
      await delay(clock, 'bench poll', 5 * POLL_MS);
      const { broadcast } = await editor.get<BroadcastDetail>(`/broadcasts/${id}`);
      if (SETTLED.includes(broadcast.state)) break;
    }
    const { deliveries } = await editor.get<DeliveryList>(`/broadcasts/${id}/deliveries`);
    return { startsAt, finished: deliveries.filter(({ state }) => state === 'finished').length };
  }
}
