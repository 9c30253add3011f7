import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { DisposerStack } from '#kit';
import type { Provisioning } from '#protocols';
import { AgentProcess } from '../../helpers/processes.ts';
import { startPulse } from '../../helpers/pulse.ts';
import type { AgentOrder } from '../skew/messages.ts';
import type { Ear } from './ear.ts';

export interface LoudspeakerOptions {
  readonly output: 'file' | 'pulse';
  readonly provisioning: Provisioning;
  readonly folder: string;
  readonly ear: Ear;
  /** Ends everything that was started. */
  readonly stack: DisposerStack;
}

/** Starts a loudspeaker's program whose sound an ear hears. */
export function startLoudspeaker(options: LoudspeakerOptions): Promise<void> {
  return options.output === 'file' ? onSocket(options) : onPulse(options);
}

async function onSocket({ provisioning, folder, ear, stack }: LoudspeakerOptions): Promise<void> {
  const socket = join(folder, 'ear');
  const server = createServer((connection) => {
    connection.on('data', (pcm) => ear.hear(pcm));
    connection.on('error', () => undefined);
  });
  server.listen(socket);
  await once(server, 'listening');
  stack.defer('ear', () => void server.close());
  const dataFolder = join(folder, 'agent');
  await mkdir(dataFolder);
  const agent = fork(new URL('../skew/agent.js', import.meta.url));
  stack.defer('agent', async () => {
    agent.disconnect();
    await once(agent, 'exit');
  });
  const order: AgentOrder = {
    ...{ provisioning, dataFolder, socket, logFile: join(folder, 'log'), wallOffsetMs: 0, ppm: 0 },
  };
  agent.send(order);
}

/** The agent as it is installed, on a null sink. */
async function onPulse({ provisioning, folder, ear, stack }: LoudspeakerOptions): Promise<void> {
  const server = await startPulse({ sinks: ['loa'] });
  stack.defer('PulseAudio', () => server.stop());
  const listener = await server.follow('loa', (pcm) => ear.hear(pcm));
  stack.defer('listener', () => listener.stop());
  const agent = new AgentProcess({
    folder: join(folder, 'agent'),
    provisioning,
    env: { LOA_AGENT_OUTPUT: 'pulse', LOA_AGENT_OUTPUT_DEVICE: 'loa', PULSE_SERVER: server.address },
  });
  await agent.start();
  stack.defer('agent', () => agent.end());
}
