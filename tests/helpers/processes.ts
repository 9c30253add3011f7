import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemClock } from '#kit';
import { ApiClient, credentials } from '../../server/demo/api-client.ts';
import { enterPerson } from '../../server/demo/enter-person.ts';
import { freePort } from '../../server/demo/free-port.ts';
import { openStorage } from '../../server/storage/index.ts';
import { inRepo } from './repo-root.ts';

/** A child process whose output goes to a file, ended only by its own id. */
export class OwnProcess {
  readonly child: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, logFile: string) {
    const log = createWriteStream(logFile, { flags: 'a' });
    this.child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.pipe(log);
    this.child.stderr?.pipe(log);
    this.#gone = once(this.child, 'exit');
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it with a signal and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.running) this.child.kill(signal);
    await this.#gone;
  }
}

const MACHINES = ['administrator', 'editor', 'technician'] as const;
type TestMachine = (typeof MACHINES)[number];
type TestRole = TestMachine | 'chairman';

export interface ControllerOptions {
  /** Folder for everything that it writes. */
  readonly folder: string;
  /** More environment, or other values. */
  readonly env?: Readonly<Record<string, string>>;
  /** Root areas of the tokens. */
  readonly areas?: readonly string[];
  /** False: nobody has an account, as at a first start; so nobody approves. */
  readonly chairman?: boolean;
}

/** The built controller as a process of its own, with a token for each role of a machine, and a chairman who is logged in. */
export class ControllerProcess {
  readonly #options: ControllerOptions;
  readonly #tokens = new Map<TestMachine, string>();
  /** What the chairman is logged in by: no machine approves. */
  #chairman = '';
  #env: Record<string, string> = {};
  #process: OwnProcess | undefined;
  httpPort = 0;
  mqttPort = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Where it keeps database, media and keys. */
  get dataFolder(): string {
    return join(this.#options.folder, 'controller');
  }

  /** A client in this role. */
  as(role: TestRole): ApiClient {
    return new ApiClient({ url: this.url, publicUrl: this.#publicUrl, as: this.#who(role) });
  }

  /** The headers of a request in this role. */
  credentials(role: TestRole): Record<string, string> {
    return credentials(this.#publicUrl, this.#who(role));
  }

  get #publicUrl(): string {
    return this.#options.env?.['LOA_PUBLIC_URL'] ?? this.url;
  }

  token(role: TestMachine): string {
    return this.#tokens.get(role) ?? '';
  }

  #who(role: TestRole): { readonly token: string } | { readonly session: string } {
    return role === 'chairman' ? { session: this.#chairman } : { token: this.token(role) };
  }

  /** Starts it (again), on the same ports and folder, and waits until it is ready. */
  async start(): Promise<void> {
    if (this.httpPort === 0) await this.#prepare();
    this.#process = new OwnProcess(
      [inRepo('dist/controller/main.js')],
      this.#env,
      join(this.#options.folder, 'controller.log'),
    );
    await this.#ready();
  }

  /** Ends it: SIGTERM stops it gracefully, SIGKILL does not. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.end(signal);
  }

  #running(): OwnProcess {
    if (this.#process === undefined) throw new Error('the controller was not started');
    return this.#process;
  }

  async #prepare(): Promise<void> {
    const { folder, env = {}, areas = ['tan-an'], chairman = true } = this.#options;
    await mkdir(this.dataFolder, { recursive: true });
    const tokens = MACHINES.map((role) => {
      const token = randomBytes(32).toString('base64url');
      this.#tokens.set(role, token);
      return { name: `test ${role}`, role, areas, sha256: createHash('sha256').update(token).digest('hex') };
    });
    await writeFile(join(folder, 'tokens.json'), JSON.stringify(tokens), { mode: 0o600 });
    this.httpPort = await freePort();
    this.mqttPort = await freePort();
    this.#env = {
      LOA_DATA: this.dataFolder,
      LOA_HOST: '127.0.0.1',
      LOA_PORT: String(this.httpPort),
      LOA_PUBLIC_URL: this.url,
      LOA_MQTT_PORT: String(this.mqttPort),
      LOA_TOKENS: join(folder, 'tokens.json'),
      LOA_LOG_LEVEL: 'info',
      ...env,
    };
    if (chairman) await this.#enterChairman(areas);
  }

  async #enterChairman(areas: readonly string[]): Promise<void> {
    const clock = new SystemClock();
    const url = this.#env['LOA_DATABASE_URL'] ?? `file:${join(this.dataFolder, 'loa.db')}`;
    const storage = openStorage({ url, clock });
    await storage.start();
    try {
      const person = { name: 'chu-tich', displayName: 'Chủ tịch', role: 'chairman' as const, areas };
      this.#chairman = await enterPerson(storage, clock, person);
    } finally {
      await storage.stop();
    }
  }

  async #ready(): Promise<void> {
    for (;;) {
      if (!this.#running().running)
        throw new Error(
          `the controller ended at its start; see ${join(this.#options.folder, 'controller.log')}`,
        );
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export interface AgentOptions {
  readonly folder: string;
  /** What the loudspeaker has from its enrolment. */
  readonly provisioning: object;
  readonly env?: Readonly<Record<string, string>>;
}

/** The built agent (its one file) as a process of its own, recording into `<folder>/recordings`. */
export class AgentProcess {
  readonly #options: AgentOptions;
  #process: OwnProcess | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  get dataFolder(): string {
    return join(this.#options.folder, 'data');
  }

  get recordings(): string {
    return join(this.#options.folder, 'recordings');
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('the agent was not started');
    return this.#process.pid;
  }

  /** Starts it (again). `more`: environment for this time only. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { folder, provisioning, env = {} } = this.#options;
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'provisioning.json');
    await writeFile(file, JSON.stringify(provisioning), { mode: 0o600 });
    this.#process = new OwnProcess(
      [inRepo('device-agent/dist/loa-agent.mjs')],
      {
        LOA_AGENT_DATA: this.dataFolder,
        LOA_AGENT_PROVISIONING: file,
        LOA_AGENT_OUTPUT: 'file',
        LOA_AGENT_OUTPUT_DEVICE: this.recordings,
        ...env,
        ...more,
      },
      join(folder, 'agent.log'),
    );
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.end(signal);
  }
}
