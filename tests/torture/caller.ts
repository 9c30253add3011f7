import { randomUUID } from 'node:crypto';
import type { ControllerProcess } from '../helpers/processes.ts';
import type { CallMeaning, EvidenceFolder } from './evidence.ts';

/** An answer that is not there by then is lost. */
const ANSWER_MS = 10_000;
const AGAIN_MS = 300;
/** Asked again, under the same key, for this long. */
const GIVE_UP_MS = 25_000;

export interface Request {
  /** Names the call in the log. */
  readonly call: string;
  readonly role: 'editor' | 'chairman' | 'technician' | 'administrator';
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body: object | undefined;
  readonly meaning: CallMeaning;
}

/** Asks the controller as a good client does, and writes down each request before and each answer after. */
export class Caller {
  readonly #controller: ControllerProcess;
  readonly #evidence: EvidenceFolder;

  constructor(controller: ControllerProcess, evidence: EvidenceFolder) {
    this.#controller = controller;
    this.#evidence = evidence;
  }

  /** The answer, or undefined when it was refused or none came. The key is the same for all attempts. */
  async ask(request: Request): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { call, method, path, meaning } = request;
    const key = randomUUID();
    const end = performance.now() + GIVE_UP_MS;
    const log = (phase: 'before' | 'after', more: object = {}) =>
      this.#evidence.addCall({ call, phase, at: Date.now(), method, path, meaning, ...more });
    for (;;) {
      log('before');
      const { status, answer } = await this.#once(request, key);
      log('after', { status, answer });
      if (status !== null && status < 300) return answer as Record<string, unknown>;
      if (status !== null && status < 500 && status !== 429) return undefined;
      if (performance.now() > end) return undefined;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  async #once(
    { role, method, path, body }: Request,
    key: string,
  ): Promise<{ status: number | null; answer: unknown }> {
    try {
      const response = await fetch(`${this.#controller.url}/api/v1${path}`, {
        method,
        headers: {
          ...this.#controller.credentials(role),
          'idempotency-key': key,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      return { status: response.status, answer: text === '' ? {} : JSON.parse(text) };
    } catch (error) {
      return { status: null, answer: String(error) };
    }
  }
}
