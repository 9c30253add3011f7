import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { tempDir } from '../helpers/temp-dir.ts';
import { CHROMIUM_FLAGS, chromium } from './chromium.ts';
import { Page, type Target } from './page.ts';

const PORT_FILE = 'DevToolsActivePort';

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: object;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly method: string;
  readonly resolve: (result: object) => void;
  readonly reject: (error: Error) => void;
}

/** Where the browser listens, once both lines are written: its port, and the path. */
function addressIn(text: string): string | undefined {
  const [, port, path] = /^(\d+)\n(\/\S+)/.exec(text) ?? [];
  return port === undefined ? undefined : `ws://127.0.0.1:${port}${path}`;
}

/** A browser of its own, spoken to in the DevTools protocol. */
export class Chromium {
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, ((params: object) => void)[]>();
  #last = 0;

  private constructor(process: ChildProcess, socket: WebSocket) {
    this.#process = process;
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as Message));
  }

  static async start(): Promise<Chromium> {
    const profile = tempDir('chromium');
    const written = new Promise<string>((resolve) => {
      const watcher = watch(profile, (_event, name) => {
        if (name !== PORT_FILE) return;
        // The file is there before its second line is.
        const address = addressIn(readFileSync(join(profile, PORT_FILE), 'utf8'));
        if (address === undefined) return;
        watcher.close();
        resolve(address);
      });
    });
    // Each person gets a window; the browser's own would show its page for new tabs to nobody.
    const own = ['--no-startup-window', '--remote-debugging-port=0', `--user-data-dir=${profile}`];
    const args = [...CHROMIUM_FLAGS, ...own];
    const child = spawn(chromium(), args, { stdio: 'ignore' });
    const address = await Promise.race([
      written,
      once(child, 'exit').then((): never => {
        throw new Error('chromium ended at its start');
      }),
    ]);
    const socket = new WebSocket(address, { perMessageDeflate: false });
    await once(socket, 'open');
    return new Chromium(child, socket);
  }

  /** Somebody else's browser: cookies of its own, a screen of this width. */
  async person(width = 1280): Promise<Page> {
    const { browserContextId } = await this.#send<{ browserContextId: string }>(
      'Target.createBrowserContext',
    );
    const { targetId } = await this.#send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      browserContextId,
    });
    const { sessionId } = await this.#send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    const target: Target = {
      send: (method, params) => this.#send(method, params, sessionId),
      on: (method, listener) => {
        const key = `${sessionId} ${method}`;
        this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), listener]);
      },
    };
    const page = new Page(target);
    await page.open(width);
    return page;
  }

  async stop(): Promise<void> {
    const gone = once(this.#process, 'exit');
    await this.#send('Browser.close').catch(() => this.#process.kill('SIGKILL'));
    await gone;
    this.#socket.terminate();
  }

  #send<Result extends object>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    this.#last += 1;
    const id = this.#last;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { method, resolve: resolve as (result: object) => void, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  #take({ id, sessionId = '', method, params = {}, result = {}, error }: Message): void {
    if (id === undefined) {
      for (const listener of this.#listeners.get(`${sessionId} ${method}`) ?? []) listener(params);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
  }
}
