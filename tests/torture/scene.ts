import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locateBinaries } from '#media';
import { type AnnouncementView, type MediaJobView, type SpeakerView, speakerSubscriptions } from '#protocols';
import { enterAgent, enterWithKey } from '../helpers/enrol.ts';
import type { Mosquitto } from '../helpers/mosquitto.ts';
import { AgentProcess, ControllerProcess } from '../helpers/processes.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { fakeTimeLibrary } from '../helpers/requirements.ts';
import { mountSmall } from '../helpers/small-disk.ts';
import { until } from '../helpers/until.ts';
import type { EvidenceFolder, RunContent, RunProgramme } from './evidence.ts';
import { Line } from './line.ts';
import type { TorturePlan } from './plan.ts';
import { diskSpeakers } from './plan-faults.ts';
import { PROGRAMME_GAP_MS } from './session.ts';
import { encodeWav } from './sound-code.ts';

export const AREA = 'tan-an';
const ALL_DAY = {
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  // As loud at night as by day.
  night: null,
  legalBasis: 'torture',
};
/** Nine processes share the machine: they are not asked more often than needed. */
const LOOK_EVERY_MS = 50;
/** Room for the agent's state, above what its cache leaves free. */
const SMALL_DISK = '32m';

/** One loudspeaker of the scene. */
export interface Member {
  readonly id: string;
  readonly agent: AgentProcess;
  readonly line: Line;
  /** Its data folder is a small file system of its own. */
  readonly smallDisk: boolean;
  /** What its wall clock is off by is written there; null: it cannot be made wrong on this machine. */
  readonly clockFile: string | null;
}

/** Controller, loudspeakers behind lines of their own, and the observer: all as processes. */
export class Scene {
  readonly members: Member[] = [];
  /** A loudspeaker that is entered and has no agent: who subscribes as it and never reads. */
  deaf: { readonly id: string; readonly secret: string; readonly topics: readonly string[] } = {
    ...{ id: '', secret: '', topics: [] },
  };
  /** What the controller's wall clock is off by is written there; null: it cannot be made wrong on this machine. */
  clockFile: string | null = null;
  /** Null: the controller's own. */
  readonly broker: Mosquitto | null;
  readonly #evidence: EvidenceFolder;
  readonly #plan: TorturePlan;
  #observer: ChildProcess | undefined;
  #controller: ControllerProcess | undefined;

  constructor(evidence: EvidenceFolder, plan: TorturePlan, broker: Mosquitto | null) {
    this.#evidence = evidence;
    this.#plan = plan;
    this.broker = broker;
  }

  get controller(): ControllerProcess {
    if (this.#controller === undefined) throw new Error('the scene was not started');
    return this.#controller;
  }

  /** Where plain MQTT is. */
  get mqttPort(): number {
    return this.broker?.port ?? this.controller.mqttPort;
  }

  get speakers(): string[] {
    return this.members.map(({ id }) => id);
  }

  /** Starts everything; resolves with what can be aired when every loudspeaker is online. */
  async start(
    say: (text: string) => void,
  ): Promise<{ readonly contents: RunContent[]; readonly programmes: RunProgramme[] }> {
    const ids = Array.from({ length: this.#plan.agents }, (_, index) => `loa-${index + 1}`);
    const sockets = ids.map((id) => this.#evidence.path(`${id}.sock`));
    await this.#listen(ids.map((id, index) => `${id}=${sockets[index]}`));
    await this.broker?.start();
    const faketime = fakeTimeLibrary();
    if (faketime !== undefined) this.clockFile = this.#evidence.path('controller-clock');
    if (this.clockFile !== null) setClock(this.clockFile, 0);
    this.#controller = new ControllerProcess({
      folder: this.#evidence.folder,
      areas: [AREA],
      env: {
        LOA_AREA: `${AREA}/xã/Tân An`,
        ...(faketime === undefined || this.clockFile === null ? {} : wrongClock(faketime, this.clockFile)),
        ...(this.broker === null ? {} : { LOA_MQTT_URL: `mqtt://127.0.0.1:${this.broker.port}` }),
      },
    });
    await this.controller.start();
    await this.controller.as('administrator').patch(`/areas/${AREA}`, { policy: ALL_DAY });
    say('the controller is ready; making the loudspeakers');
    for (const [index, id] of ids.entries()) await this.#enter(id, index, sockets[index] ?? '', faketime);
    await this.#enterDeaf('loa-diec');
    await Promise.all(this.members.map(({ agent }) => agent.start()));
    say('making the announcements');
    const contents: RunContent[] = [];
    for (const content of this.#plan.contents) contents.push(await this.#prepare(content));
    const programmes: RunProgramme[] = [];
    for (const numbers of this.#plan.programmes) programmes.push(await this.#putTogether(numbers, contents));
    await this.online();
    return { contents, programmes };
  }

  async online(limitMs = 60_000): Promise<void> {
    await until(
      'every loudspeaker to be online',
      async () =>
        (await this.speakerViews()).every(({ status }) => status?.link === 'online' && status.assignmentHeld),
      limitMs,
      LOOK_EVERY_MS,
    );
  }

  async speakerViews(): Promise<SpeakerView[]> {
    const { speakers } = await this.controller
      .as('technician')
      .get<{ speakers: SpeakerView[] }>('/speakers?limit=500');
    return speakers.filter(({ id }) => this.speakers.includes(id));
  }

  /** Ends every process at once and gives the file systems back. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ agent }) => agent.end('SIGKILL')));
    await this.#controller?.end('SIGKILL');
    await this.broker?.end('SIGKILL');
    await Promise.all(this.members.map(({ line }) => line.stop()));
    await this.stopObserver();
    for (const { smallDisk, agent } of this.members)
      if (smallDisk) execFileSync('umount', ['-l', agent.dataFolder]);
  }

  /** What it has heard is on the disk when this resolves. */
  async stopObserver(): Promise<void> {
    const observer = this.#observer;
    this.#observer = undefined;
    if (observer === undefined) return;
    const gone = once(observer, 'exit');
    observer.disconnect();
    await gone;
  }

  async #listen(pairs: readonly string[]): Promise<void> {
    mkdirSync(this.#evidence.pcm, { recursive: true });
    this.#observer = fork(inRepo('dist/tests/torture/observer.js'), [this.#evidence.pcm, ...pairs], {
      execArgv: [],
    });
    await once(this.#observer, 'message');
  }

  async #enterDeaf(id: string): Promise<void> {
    const body = { id, areaId: AREA, name: `Cụm loa ${id}` };
    const { secret } = await enterWithKey(this.controller.as('technician'), body);
    this.deaf = { id, secret, topics: speakerSubscriptions(id, [AREA]) };
  }

  async #enter(id: string, index: number, socket: string, faketime: string | undefined): Promise<void> {
    const line = await Line.open({
      target: () => {
        const http = this.controller.httpPort;
        return { http, webSocket: this.broker?.webSocketPort ?? http };
      },
      seed: this.#plan.seed * 97 + index,
      onSpeak: () => this.#evidence.addLink({ speaker: id, at: Date.now() }),
    });
    const folder = this.#evidence.path(id);
    mkdirSync(join(folder, 'data'), { recursive: true });
    const smallDisk =
      diskSpeakers(this.#plan.agents).includes(index) && mountSmall(join(folder, 'data'), SMALL_DISK);
    const body = { id, areaId: AREA, name: `Cụm loa ${id}` };
    const provisioning = await enterAgent(this.controller.as('technician'), body, folder);
    const clockFile = faketime === undefined ? null : join(folder, 'clock');
    if (clockFile !== null) setClock(clockFile, 0);
    const agent = new AgentProcess({
      folder,
      provisioning: { ...provisioning, url: line.url },
      env: {
        LOA_AGENT_FFMPEG: (await locateBinaries()).ffmpeg,
        LOA_AGENT_OUTPUT_DEVICE: `unix:${socket}`,
        ...(faketime === undefined || clockFile === null ? {} : wrongClock(faketime, clockFile)),
      },
    });
    this.members.push({ id, agent, line, smallDisk, clockFile });
  }

  async #prepare(content: TorturePlan['contents'][number]): Promise<RunContent> {
    const file = this.#evidence.path(`content-${content.number}.wav`);
    writeFileSync(file, encodeWav(content.number, content.blocks));
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
      LOOK_EVERY_MS,
    );
    const priority = content.emergency ? 'emergency' : 'normal';
    const { sha256, durationMs } = medium;
    const { id, approvalHash } = await editor.post<AnnouncementView>('/announcements', {
      areaId: AREA,
      title: `Bản tin ${content.number}`,
      category: 'thong-bao',
      language: 'vi',
      priority,
      mediaSha256: sha256,
    });
    await editor.post(`/announcements/${id}/submit`, {});
    await this.controller.as('chairman').post(`/announcements/${id}/approve`, { sha256: approvalHash });
    return { number: content.number, announcementId: id, durationMs, priority };
  }

  async #putTogether(numbers: readonly number[], contents: readonly RunContent[]): Promise<RunProgramme> {
    const items = numbers.map((number) => ({
      announcementId: contents.find((one) => one.number === number)?.announcementId ?? '',
      gapMs: PROGRAMME_GAP_MS,
    }));
    const { id } = await this.controller.as('editor').post<{ id: string }>('/programmes', {
      areaId: AREA,
      title: `Chương trình ${numbers.join('–')}`,
      items,
    });
    return { id, contents: numbers };
  }
}

/** Sets what a process started with this file takes for the wall clock, from within a second from now on. */
export function setClock(clockFile: string, offsetMs: number): void {
  const next = `${clockFile}.next`;
  writeFileSync(next, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs / 1000).toFixed(3)}\n`);
  // At once: a reader must not meet half of it.
  renameSync(next, clockFile);
}

/** Environment of a process whose wall clock `setClock` sets. */
export function wrongClock(faketime: string, clockFile: string): Record<string, string> {
  return {
    LD_PRELOAD: faketime,
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}
