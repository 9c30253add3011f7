import { schedule } from 'node-cron';
import { Lifecycle } from '#kit';
import type { PlanCompiler } from '../domain/plans/plan-compiler.ts';
import type { SlotIssuer } from '../domain/plans/slot-issuer.ts';
import type { StoredMessages } from './stored-messages.ts';

export interface PlanningParts {
  readonly compiler: PlanCompiler;
  readonly issuer: SlotIssuer;
  readonly messages: StoredMessages;
  readonly onError: (error: unknown) => void;
}

/** Compiles and issues; with them the tick that tops the plan up each hour: it decides nothing. */
export class Planning extends Lifecycle {
  readonly #parts: PlanningParts;
  #open = false;
  #caughtUp: Promise<boolean> = Promise.resolve(false);
  #behind = true;

  constructor(parts: PlanningParts) {
    super();
    this.#parts = parts;
  }

  /** Reads what is planned. What was due while we were away is made up for afterwards: nobody's start waits for it (see `caughtUp`). */
  protected async onStart(): Promise<void> {
    const { compiler, issuer, onError } = this.#parts;
    await issuer.load();
    this.#open = true;
    this.#behind = true;
    for (const part of [compiler, issuer]) this.disposers.defer(part.constructor.name, () => part.stop());
    await compiler.start();
    const tick = schedule('7 * * * *', () => this.changed(), { name: 'plans' });
    this.disposers.defer('plan tick', async () => {
      await tick.destroy();
    });
    this.disposers.defer('catching up', () => {
      this.#open = false;
    });
    this.#caughtUp = this.#catchUp().catch((error: unknown) => {
      onError(error);
      return this.#open;
    });
    this.background(
      this.#caughtUp.then(() => undefined),
      onError,
    );
  }

  /**
   * Resolves with true when all that was due while we were away is planned and has its broadcast, or cannot for a defect: from then on
   * receipts are folded into what they are of. False: stopped before.
   */
  caughtUp(): Promise<boolean> {
    return this.#caughtUp;
  }

  /** What is still being done, or does not succeed, for the operator. */
  get progress(): { readonly ok: boolean; readonly detail: string } {
    if (this.#parts.compiler.failure !== null)
      return { ok: false, detail: 'the plan could not be compiled, it is tried again; see the log' };
    const { failing } = this.#parts.issuer;
    if (failing > 0)
      return { ok: true, detail: `${failing} due slots have no broadcast and are tried again; see the log` };
    if (!this.#behind) return { ok: true, detail: 'compiled' };
    return {
      ok: true,
      detail: 'first compilation since the start: loudspeakers play what they hold, receipts wait for it',
    };
  }

  /** Something that plans are made of has changed. */
  changed(): void {
    this.#parts.compiler.changed();
    this.#parts.issuer.look();
  }

  /** Other messages are to be kept on the loudspeakers of an area. */
  storedChanged(areaId: string): void {
    this.#parts.messages.forget(areaId);
    this.changed();
  }

  async #catchUp(): Promise<boolean> {
    const { compiler, issuer } = this.#parts;
    if (!(await compiler.caughtUp()) || !this.#open) return false;
    await issuer.start();
    this.#behind = false;
    return this.#open;
  }
}
