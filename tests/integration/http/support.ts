import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import {
  DomainError,
  type EnrolmentCode,
  type ErrorCode,
  type ErrorParams,
  generateSigningKey,
  type MediaJobView,
  type Provisioning,
  readEnrolmentUri,
  type SigningKey,
} from '#protocols';
import { enrol } from '../../../device-agent/enrol/enrol.ts';
import { type EnrolmentPost, exchangeCode } from '../../../device-agent/enrol/exchange.ts';
import { buildApp } from '../../../server/app.ts';
import { type Environment, loadConfig } from '../../../server/config/index.ts';
import type { Context } from '../../../server/context/controller.ts';
import { buildContext, type ContextOverrides } from '../../../server/context.ts';
import { MACHINE_ROLES, type MachineRole, ROLES, type Role } from '../../../server/domain/accounts/roles.ts';
import { hashToken, newToken } from '../../../server/domain/accounts/token-book.ts';
import { BUILT_WORKER } from '../../helpers/built-worker.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { TestPeople, type TestPerson } from './test-people.ts';

export const COMMUNE = 'tan-an';
export const HAMLETS = ['ap-1', 'ap-2'] as const;
/** A commune of its own beside, where the others have no business. */
export const ELSEWHERE = 'noi-khac';

const ALL_DAY = {
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  legalBasis: 'kiểm thử',
};

const PROVINCIAL = ['administrator', 'editor', 'chairman'] as const;

/** Who asks: a person with a role in the commune, or in the commune beside it, somebody who answers for one hamlet, or somebody of both communes. */
type Person = Role | `other ${Role}` | `${(typeof HAMLETS)[number]} chairman` | Province;
type Province = `province ${(typeof PROVINCIAL)[number]}`;
/** Or a machine with a token of the operator's file, in the commune or in the one beside it, or nobody. */
export type Who = Person | `machine ${MachineRole}` | `other machine ${MachineRole}` | 'nobody';

/** Everybody, each logged in. */
export const PEOPLE: readonly TestPerson[] = [
  ...ROLES.map((role) => ({ who: role, role, areas: [COMMUNE] })),
  ...ROLES.map((role) => ({ who: `other ${role}`, role, areas: [ELSEWHERE] })),
  ...HAMLETS.map((id) => ({ who: `${id} chairman`, role: 'chairman' as const, areas: [id] })),
  ...PROVINCIAL.map((role) => {
    return { who: `province ${role}`, role, areas: [COMMUNE, ELSEWHERE] };
  }),
];

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly body?: object | Buffer;
  /** Made anew by default for what acts; null sends none. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A loudspeaker that has enrolled: what it connects and signs with. */
export interface EnrolledSpeaker {
  readonly id: string;
  readonly secret: string;
  readonly key: SigningKey;
}

/** What an error answer says. */
export interface Problem {
  readonly error: {
    readonly code: string;
    readonly params: Record<string, unknown>;
    readonly message: string;
  };
}

/** A whole controller on a folder of its own, asked without a port. */
export class TestController {
  readonly folder: string;
  /** Of machines. */
  readonly #tokens: ReadonlyMap<string, string>;
  #people: TestPeople;
  #audio: string | undefined;
  #running: { readonly context: Context; readonly app: FastifyInstance } | undefined;

  constructor(folder: string, tokens: ReadonlyMap<string, string>, people: TestPeople = new TestPeople([])) {
    this.folder = folder;
    this.#tokens = tokens;
    this.#people = people;
  }

  /** Lets these people in from now on, and nobody else: where the test began with a controller that nobody had set up. */
  async enter(people: readonly TestPerson[]): Promise<void> {
    this.#people = new TestPeople(people);
    await this.#people.signIn(this.context);
  }

  /** Another one for the same people, on another folder; not started. */
  on(folder: string): TestController {
    return new TestController(folder, this.#tokens, this.#people);
  }

  get app(): FastifyInstance {
    return this.#up().app;
  }

  get context(): Context {
    return this.#up().context;
  }

  /** The headers of a request: a machine's token, or the cookie of a person's session. */
  credentials(who: Who): Record<string, string> {
    if (who === 'nobody') return {};
    if (this.#people.has(who)) return this.#people.headers(who, this.context.config);
    // Where nobody has an account, the machine of that role.
    const token = this.#tokens.get(who) ?? this.#tokens.get(`machine ${who}`);
    return { authorization: `Bearer ${token ?? ''}` };
  }

  async start(overrides: ContextOverrides = {}, env: Environment = {}): Promise<void> {
    const config = loadConfig({
      LOA_DATA: join(this.folder, 'data'),
      LOA_HOST: '127.0.0.1',
      LOA_PUBLIC_URL: 'http://controller.test:8080',
      LOA_MQTT_PORT: 'off',
      LOA_TOKENS: join(this.folder, 'tokens.json'),
      LOA_AREA: `${COMMUNE}/xã/Tân An`,
      LOA_UPLOAD_LIMIT_MB: '2',
      LOA_LOG_LEVEL: 'silent',
      ...env,
    });
    // No name of a test is asked of the world.
    const resolveHost = async () => ['8.8.8.8'];
    const context = await buildContext(config, { resolveHost, backupWorker: BUILT_WORKER, ...overrides });
    await context.start();
    this.#running = { context, app: await buildApp(context) };
    await this.#people.signIn(context);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.app.close();
    await running?.context.stop();
  }

  async call<Body>(who: Who, method: string, path: string, options: CallOptions = {}): Promise<Answer<Body>> {
    const { body, key = method === 'GET' ? null : randomUUID(), headers = {} } = options;
    if (this.#people.has(who)) await this.#people.ensure(who, this.context);
    const response = await this.app.inject({
      method: method as 'GET',
      url: path.startsWith('/') ? path : `/api/v1/${path}`,
      headers: {
        ...this.credentials(who),
        ...(key === null ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    const json = String(response.headers['content-type'] ?? '').includes('json') && response.body !== '';
    return {
      status: response.statusCode,
      body: (json ? JSON.parse(response.body) : response.rawPayload) as Body,
      headers: response.headers,
    };
  }

  get<Body>(who: Who, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Body>> {
    return this.call(who, 'GET', path, { headers });
  }

  post<Body>(who: Who, path: string, body: object, key?: string): Promise<Answer<Body>> {
    return this.call(who, 'POST', path, key === undefined ? { body } : { body, key });
  }

  upload<Body>(who: Who, area: string, file: Buffer, key?: string): Promise<Answer<Body>> {
    const { body, type } = form(file);
    return this.call(who, 'POST', `media?area=${area}`, {
      body,
      headers: { 'content-type': type },
      ...(key === undefined ? {} : { key }),
    });
  }

  /** Resolves with a job when it has ended. */
  async ended(jobId: string): Promise<MediaJobView> {
    const { events } = this.context.services;
    for (;;) {
      const published = new Promise<void>((resolve) => {
        const off = events.onPublish(() => {
          off();
          resolve();
        });
      });
      const { body } = await this.get<MediaJobView>('editor', `media/jobs/${jobId}`);
      if (body.endedAt !== null) return body;
      await published;
    }
  }

  /** Uploads a file and waits for its preparation: the hash of what was made. */
  async prepared(file: Buffer): Promise<string> {
    const { body: job } = await this.upload<MediaJobView>('editor', COMMUNE, file);
    const { medium } = await this.ended(job.id);
    if (medium === null) throw new Error('the file was refused');
    return medium.sha256;
  }

  /** Uploads and prepares (once), writes and approves an announcement of the commune. */
  async approved(
    priority: 'normal' | 'priority' | 'emergency' = 'normal',
  ): Promise<{ id: string; sha256: string; approvalHash: string }> {
    this.#audio ??= await this.prepared(speechLikeWav());
    const sha256 = this.#audio;
    const { body } = await this.post<{ id: string; approvalHash: string }>('editor', 'announcements', {
      areaId: COMMUNE,
      title: 'Thông báo',
      priority,
      mediaSha256: sha256,
    });
    await this.post('editor', `announcements/${body.id}/submit`, {});
    const { id, approvalHash } = body;
    await this.post('chairman', `announcements/${id}/approve`, { sha256: approvalHash });
    return { id, sha256, approvalHash };
  }

  /** Enters a loudspeaker and enrols it, by its agent's own code. */
  async speaker(id: string, areaId: string): Promise<EnrolledSpeaker> {
    const { body } = await this.post<{ enrolment: EnrolmentCode }>('technician', 'speakers', {
      id,
      areaId,
      name: `Cụm loa ${id}`,
    });
    return this.enrol(body.enrolment.uri);
  }

  /** The same with the key of an agent that keeps its state in this folder. */
  async enrolAgent(id: string, areaId: string, dataFolder: string): Promise<Provisioning> {
    const body = { id, areaId, name: `Cụm loa ${id}` };
    const { body: made } = await this.post<{ enrolment: EnrolmentCode }>('technician', 'speakers', body);
    return enrol({
      invitation: readEnrolmentUri(made.enrolment.uri),
      ...{ dataFolder, provisioningFile: join(dataFolder, 'provisioning.json') },
      ...{ clock: new SystemClock(), post: this.enrolmentPost },
    });
  }

  /** Enrols a loudspeaker with this code; rejects with the refusal. */
  async enrol(uri: string, key: SigningKey = generateSigningKey()): Promise<EnrolledSpeaker> {
    const invitation = readEnrolmentUri(uri);
    const { speakerId: id, secret } = await exchangeCode(invitation, key, this.enrolmentPost);
    return { id, secret, key };
  }

  /** The way of an enrolling loudspeaker to this controller. */
  readonly enrolmentPost: EnrolmentPost = async (step, request) => {
    const { status, body } = await this.call<Problem>('nobody', 'POST', `enrolments/${step}`, {
      body: request,
      key: null,
    });
    if (status === 200) return body;
    const { code, params } = body.error;
    throw new DomainError(code as ErrorCode, params as ErrorParams);
  };

  #up() {
    if (this.#running === undefined) throw new Error('the controller is not running');
    return this.#running;
  }
}

/** A started controller with a commune of two hamlets that may broadcast all day; stopped when the test is over. */
export async function startController(
  overrides: ContextOverrides = {},
  env: Environment = {},
  people: readonly TestPerson[] = PEOPLE,
): Promise<TestController> {
  let started: TestController | undefined;
  onTestFinished(() => started?.stop());
  started = await startControllerForFile(overrides, env, people);
  return started;
}

/** The same for all tests of a file, which stop it themselves. */
export async function startControllerForFile(
  overrides: ContextOverrides = {},
  env: Environment = {},
  people: readonly TestPerson[] = PEOPLE,
): Promise<TestController> {
  const folder = tempDir('http');
  const tokens = new Map<string, string>();
  const places = { machine: COMMUNE, 'other machine': ELSEWHERE };
  const records = Object.entries(places).flatMap(([kind, area]) =>
    MACHINE_ROLES.map((role) => {
      const token = newToken();
      tokens.set(`${kind} ${role}`, token);
      const name = `${kind.replace(' ', '-')}-${role}`;
      return { name, role, areas: [area], sha256: hashToken(token) };
    }),
  );
  await writeFile(join(folder, 'tokens.json'), JSON.stringify(records));
  const controller = new TestController(folder, tokens, new TestPeople(people));
  await controller.start(overrides, env);
  const { storage } = controller.context;
  const area = { parentId: null, kind: 'xã', name: 'Nơi khác', zone: null, policy: null };
  await storage.transaction((tx) =>
    tx.areas.insert({ ...area, id: ELSEWHERE, createdAt: 0, retiredAt: null }),
  );
  controller.context.services.areaDirectory.load(await storage.read.areas.all());
  await controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, { body: { policy: ALL_DAY } });
  for (const id of HAMLETS)
    await controller.post('administrator', 'areas', { id, parentId: COMMUNE, kind: 'ấp', name: id });
  return controller;
}

/** 1.6 s of mono 16-bit sound with the ups and downs of speech. */
export function speechLikeWav(seconds = 1.6, pitchHz = 180): Buffer {
  const rate = 16_000;
  const samples = Math.round(seconds * rate);
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) {
    const at = i / rate;
    const syllables = 0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * at);
    const voice = Math.sin(2 * Math.PI * pitchHz * at) + 0.5 * Math.sin(2 * Math.PI * 3 * pitchHz * at);
    bytes.writeInt16LE(Math.round(5000 * syllables * voice), 44 + i * 2);
  }
  return bytes;
}

function form(file: Buffer): { body: Buffer; type: string } {
  const boundary = 'loa-test-boundary';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="thu-am.wav"\r\nContent-Type: audio/wav\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}
