import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DisposerStack, delay, SystemClock } from '#kit';
import { locateBinaries } from '#media';
import type { EnrolmentCode } from '#protocols';
import { newSecret } from '../domain/accounts/secrets.ts';
import { openStorage, SEED_HAMLETS, seedTanAn, TAN_AN } from '../storage/index.ts';
import { ApiClient } from './api-client.ts';
import { Child } from './child.ts';
import { enterPerson } from './enter-person.ts';
import { freePort } from './free-port.ts';

const CONTROLLER = fileURLToPath(new URL('../../controller/main.js', import.meta.url));
const AGENT = fileURLToPath(new URL('../../../device-agent/dist/loa-agent.mjs', import.meta.url));
const MACHINES = ['administrator', 'editor', 'technician'] as const;
type DemoMachine = (typeof MACHINES)[number];
/** Who logs in to the console. */
export const PEOPLE = [
  { name: 'quan-tri', displayName: 'Quản trị viên', role: 'administrator', areas: ['vn'] },
  { name: 'chu-tich', displayName: 'Chủ tịch', role: 'chairman', areas: [TAN_AN] },
] as const;
const LOUDSPEAKERS = 6;
const START_LIMIT_MS = 30_000;
const ALL_DAY = {
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  // As loud at night as by day.
  night: null,
  legalBasis: 'Trình diễn: mở cả ngày',
};

/** One virtual loudspeaker of the demonstration. */
export interface VirtualSpeaker {
  readonly id: string;
  readonly areaId: string;
  readonly name: string;
  /** Folder that gets one WAV file for each play. */
  readonly recordings: string;
}

/** A controller and six loudspeakers of Tân An, each a process of its own. */
export class Village {
  readonly folder: string;
  readonly speakers: readonly VirtualSpeaker[];
  readonly areaId = TAN_AN;
  readonly #clock = new SystemClock();
  readonly #children = new DisposerStack();
  readonly #tokens = new Map<DemoMachine, string>();
  /** What the chairman is logged in by: no machine approves. */
  #chairman = '';
  /** For the people of the console, administrator and chairman alike. */
  readonly password = newSecret().slice(0, 16);
  url = '';

  constructor(folder: string) {
    this.folder = folder;
    this.speakers = SEED_HAMLETS.slice(0, LOUDSPEAKERS).map(({ id: areaId, name }) => ({
      id: `loa-${areaId}`,
      areaId,
      name: `Cụm loa ${name}`,
      recordings: join(folder, `loa-${areaId}`, 'recordings'),
    }));
  }

  /** A client in this role. */
  as(role: DemoMachine | 'chairman'): ApiClient {
    const as = role === 'chairman' ? { session: this.#chairman } : { token: this.token(role) };
    return new ApiClient({ url: this.url, as });
  }

  token(role: DemoMachine): string {
    return this.#tokens.get(role) ?? '';
  }

  /** Starts the controller, opens the policy, enters the loudspeakers and starts their agents. */
  async start(): Promise<void> {
    await this.#startController();
    await this.as('administrator').patch(`/areas/${TAN_AN}`, { policy: ALL_DAY });
    await Promise.all(this.speakers.map((speaker) => this.#startSpeaker(speaker)));
  }

  /** Resolves when every loudspeaker is online. */
  async allOnline(): Promise<void> {
    await this.#until('the loudspeakers to connect', async () => {
      const { speakers } = await this.as('technician').get<{
        speakers: { status: { link: string } | null }[];
      }>('/speakers');
      return speakers.filter(({ status }) => status?.link === 'online').length === this.speakers.length;
    });
  }

  async stop(): Promise<void> {
    await this.#children.dispose();
  }

  async #startController(): Promise<void> {
    const data = join(this.folder, 'controller');
    await mkdir(data, { recursive: true });
    const databaseUrl = `file:${join(data, 'loa.db')}`;
    const storage = openStorage({ url: databaseUrl, clock: this.#clock });
    await storage.start();
    await seedTanAn(storage, this.#clock.now());
    const { password } = this;
    for (const person of PEOPLE) {
      const session = await enterPerson(storage, this.#clock, { ...person, password });
      if (person.role === 'chairman') this.#chairman = session;
    }
    await storage.stop();
    const tokensFile = join(this.folder, 'tokens.json');
    await writeFile(tokensFile, JSON.stringify(this.#makeTokens()), { mode: 0o600 });
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const log = join(this.folder, 'controller.log');
    const controller = new Child(
      CONTROLLER,
      {
        LOA_DATA: data,
        LOA_DATABASE_URL: databaseUrl,
        LOA_HOST: '127.0.0.1',
        LOA_PORT: String(port),
        LOA_PUBLIC_URL: this.url,
        LOA_MQTT_PORT: 'off',
        LOA_TOKENS: tokensFile,
      },
      log,
    );
    this.#children.defer('controller', () => controller.stop());
    await this.#until('the controller to be ready', async () => {
      if (!controller.running) throw new Error(`the controller ended at its start; see ${log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answer?.ok === true;
    });
  }

  #makeTokens(): object[] {
    return MACHINES.map((role) => {
      const token = randomBytes(32).toString('base64url');
      this.#tokens.set(role, token);
      const sha256 = createHash('sha256').update(token).digest('hex');
      return { name: `demo ${role}`, role, areas: [TAN_AN], sha256 };
    });
  }

  async #startSpeaker(speaker: VirtualSpeaker): Promise<void> {
    const { enrolment } = await this.as('technician').post<{ enrolment: EnrolmentCode }>('/speakers', {
      id: speaker.id,
      areaId: speaker.areaId,
      name: speaker.name,
    });
    // Where the system has no decoder, the one that the controller itself uses.
    const { ffmpeg } = await locateBinaries();
    const folder = join(this.folder, speaker.id);
    await mkdir(folder, { recursive: true });
    const state = {
      LOA_AGENT_DATA: join(folder, 'data'),
      LOA_AGENT_PROVISIONING: join(folder, 'provisioning.json'),
    };
    const log = join(folder, 'enrol.log');
    const enrolling = new Child(AGENT, state, log, ['enrol', '--uri', enrolment.uri]);
    this.#children.defer(`${speaker.id}: enrolment`, () => enrolling.stop());
    if ((await enrolling.ended()) !== 0) throw new Error(`${speaker.id} did not enrol; see ${log}`);
    const agent = new Child(
      AGENT,
      {
        ...state,
        LOA_AGENT_OUTPUT: 'file',
        LOA_AGENT_OUTPUT_DEVICE: speaker.recordings,
        LOA_AGENT_FFMPEG: ffmpeg,
      },
      join(folder, 'agent.log'),
    );
    this.#children.defer(speaker.id, () => agent.stop());
  }

  async #until(what: string, done: () => Promise<boolean>): Promise<void> {
    const limit = this.#clock.monotonic() + START_LIMIT_MS;
    while (!(await done())) {
      if (this.#clock.monotonic() > limit)
        throw new Error(`waited ${START_LIMIT_MS / 1000} s for ${what}; logs are in ${this.folder}`);
      await delay(this.#clock, 'demo poll', 50);
    }
  }
}
