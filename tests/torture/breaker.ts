import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { generate } from 'mqtt-packet';
import { inRepo } from '../helpers/repo-root.ts';
import { fillDisk } from '../helpers/small-disk.ts';
import type { EvidenceFolder } from './evidence.ts';
import type { Fault } from './plan.ts';
import { type Member, type Scene, setClock } from './scene.ts';

/** A controller that a foreign lock keeps from starting is started again, as its service manager would. */
const START_ATTEMPTS = 20;
const AGAIN_MS = 500;
/** The small change that a damaged file suffers. */
const FLIP = 0x55;

interface Outcome {
  readonly skipped?: string;
  readonly detail?: string;
}

const DONE: Outcome = {};
const NO_FAKETIME = 'libfaketime is not installed';

/** Does the plan's faults, and writes down what it really did and from when to when. */
export class Breaker {
  readonly #scene: Scene;
  readonly #evidence: EvidenceFolder;
  readonly #say: (text: string) => void;

  constructor(scene: Scene, evidence: EvidenceFolder, say: (text: string) => void) {
    this.#scene = scene;
    this.#evidence = evidence;
    this.#say = say;
  }

  /** Makes one fault and ends it; resolves when the target is up again. */
  async suffer(fault: Fault): Promise<void> {
    const member = fault.speaker === null ? undefined : this.#scene.members[fault.speaker];
    const at = Date.now();
    const outcome = await (member === undefined ? this.#controller(fault) : this.#speaker(fault, member));
    const { skipped = null, detail = '' } = outcome;
    const target = member?.id ?? 'controller';
    const { number, kind } = fault;
    this.#evidence.addFault({ number, kind, target, at, until: Date.now(), skipped, detail });
    const note = skipped === null ? detail : `left out: ${skipped}`;
    this.#say(`${kind} ${target} ${Date.now() - at} ms${note === '' ? '' : ` (${note})`}`);
  }

  async #speaker(fault: Fault, member: Member): Promise<Outcome> {
    const { line, agent } = member;
    const over = () => wait(fault.durationMs);
    switch (fault.kind) {
      case 'kill-agent':
        await agent.end('SIGKILL');
        await over();
        await agent.start();
        return DONE;
      case 'cut':
        line.cut();
        break;
      case 'slow':
        line.slow(fault.size);
        break;
      case 'stall':
        line.stall();
        break;
      case 'half-open':
        line.halfOpen();
        break;
      case 'mess': {
        const before = { ...line.counts };
        line.mess = true;
        await over();
        line.mess = false;
        const { twice, late, again } = line.counts;
        return {
          detail: `${twice - before.twice} twice, ${late - before.late} late, ${again - before.again} again`,
        };
      }
      case 'clock':
        if (member.clockFile === null) return { skipped: NO_FAKETIME };
        setClock(member.clockFile, fault.size);
        await over();
        setClock(member.clockFile, 0);
        return { detail: `${Math.round(fault.size / 1000)} s` };
      case 'disk-full': {
        if (!member.smallDisk) return { skipped: 'this user may not mount a small disk' };
        const ballast = join(agent.dataFolder, 'ballast');
        fillDisk(ballast);
        await over();
        rmSync(ballast, { force: true });
        return DONE;
      }
      case 'corrupt':
        return { detail: `${damage(join(agent.dataFolder, 'cache'), fault.size)} files` };
      case 'freeze':
        process.kill(agent.pid, 'SIGSTOP');
        await over();
        process.kill(agent.pid, 'SIGCONT');
        return DONE;
      default:
        throw new Error(`a loudspeaker cannot suffer "${fault.kind}"`);
    }
    await over();
    line.restore();
    return DONE;
  }

  async #controller(fault: Fault): Promise<Outcome> {
    const { controller } = this.#scene;
    switch (fault.kind) {
      case 'kill-controller':
        if (this.#scene.broker !== null && fault.size === 1) return this.#killBroker(fault.durationMs);
        await controller.end('SIGKILL');
        await wait(fault.durationMs);
        return { detail: await this.#startController() };
      case 'controller-clock': {
        const { clockFile } = this.#scene;
        if (clockFile === null) return { skipped: NO_FAKETIME };
        setClock(clockFile, fault.size);
        await wait(fault.durationMs);
        setClock(clockFile, 0);
        return { detail: `${Math.round(fault.size / 1000)} s` };
      }
      case 'lock':
        return this.#lock(fault.durationMs);
      case 'deaf':
        return this.#deaf(fault.durationMs);
      default:
        throw new Error(`the controller cannot suffer "${fault.kind}"`);
    }
  }

  async #killBroker(durationMs: number): Promise<Outcome> {
    await this.#scene.broker?.end('SIGKILL');
    await wait(durationMs);
    await this.#scene.broker?.start();
    return { detail: 'the broker' };
  }

  async #startController(): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#scene.controller.start();
        return attempt === 1 ? '' : `started at attempt ${attempt}`;
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
        await wait(AGAIN_MS);
      }
    }
  }

  async #lock(durationMs: number): Promise<Outcome> {
    const path = join(this.#scene.controller.dataFolder, 'loa.db');
    if (!existsSync(path)) return { skipped: 'the database is no file' };
    const holder: ChildProcess = fork(inRepo('dist/tests/helpers/hold-database.js'), [path, 'IMMEDIATE'], {
      execArgv: [],
    });
    const gone: Promise<unknown[]> = once(holder, 'exit');
    const held = await Promise.race([once(holder, 'message').then(() => true), gone.then(() => false)]);
    if (!held) return { skipped: 'the database was busy with a transaction' };
    await wait(durationMs);
    holder.send('release');
    await gone;
    return DONE;
  }

  /** A loudspeaker's connection that subscribes and then never reads what comes. */
  async #deaf(durationMs: number): Promise<Outcome> {
    const { deaf } = this.#scene;
    const socket: Socket = connect(this.#scene.mqttPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(
      generate({
        ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60 },
        ...{ clientId: deaf.id, username: deaf.id, password: Buffer.from(deaf.secret) },
      }),
    );
    const subscriptions = deaf.topics.map((topic) => ({ topic, qos: 1 as const }));
    socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions }));
    await wait(durationMs);
    socket.destroy();
    return DONE;
  }
}

/** Changes a byte in each cached file, where it lies on the disk; how many there were. */
function damage(cache: string, where: number): number {
  const names = existsSync(cache) ? readdirSync(cache).filter((name) => !name.endsWith('.etag')) : [];
  let damaged = 0;
  for (const name of names) {
    try {
      const path = join(cache, name);
      const bytes = readFileSync(path);
      if (bytes.length === 0) continue;
      const at = where % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ FLIP;
      writeFileSync(path, bytes, { flag: 'r+' });
      damaged += 1;
    } catch {
      // Gone in this moment.
    }
  }
  return damaged;
}
