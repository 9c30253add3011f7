import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromS16, RATE } from './pcm.ts';

/** The server's step, and so how late at most a recorder hears of a sound. */
const LATENCY_MS = 50;
/** The same for who has to hear it at once. */
const FOLLOW_MS = 10;

/** What a monitor heard, and when. */
export interface Heard {
  readonly samples: Float32Array;
  /** `performance.now()` of sample 0 by the earliest arrival; late by the server's and recorder's latency, some tens of ms. */
  readonly firstMs: number;
  /** Channel 1 of a two-channel recording. */
  readonly right: Float32Array;
}

/** A PulseAudio server of its own, without hardware, below a folder of its own. */
export interface PulseServer {
  /** For `--server` and PULSE_SERVER. */
  readonly address: string;
  /** Hands on what a sink plays in the moment when it plays, in pieces of about 10 ms (16 bits, one channel); resolves when sound is coming in. */
  follow(sink: string, onPcm: (pcm: Buffer) => void): Promise<{ stop(): Promise<void> }>;
  /** Starts to record what a sink plays; resolves when sound is coming in. */
  record(sink: string, channels?: 1 | 2): Promise<{ stop(): Promise<Heard> }>;
  stop(): Promise<void>;
}

/**
 * Starts a server with null sinks of these names, and if `pair` is set with the sinks `left` and `right` that are the
 * two channels of the sink `pair`: what is recorded from that one shows to the sample how far two players are apart.
 */
export async function startPulse(options: {
  readonly sinks: readonly string[];
  readonly pair?: boolean;
}): Promise<PulseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'loa-pulse-'));
  const socket = join(folder, 'native');
  const address = `unix:${socket}`;
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, PULSE_SERVER: address };
  const modules = [
    `module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
    ...options.sinks.map((name) => `module-null-sink sink_name=${name} rate=${RATE} channels=1`),
    ...(options.pair === true
      ? [
          `module-null-sink sink_name=pair rate=${RATE} channels=2 channel_map=front-left,front-right`,
          ...['left', 'right'].map(
            (side) =>
              `module-remap-sink sink_name=${side} master=pair channels=1 channel_map=front-${side} master_channel_map=front-${side} remix=no`,
          ),
        ]
      : []),
  ];
  const server = spawn(
    'pulseaudio',
    [
      '-n',
      '--daemonize=no',
      '--exit-idle-time=-1',
      '--use-pid-file=no',
      '--disable-shm=yes',
      // Where it may, it goes before the tests that keep the processors busy; sound cards do not wait for anyone either.
      '--high-priority=yes',
      '--realtime=yes',
      '--log-target=stderr',
      ...modules.map((module) => `--load=${module}`),
    ],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said: string[] = [];
  server.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const listeners: { stop(): Promise<unknown> }[] = [];
  const stop = async () => {
    await Promise.all(listeners.map((listener) => listener.stop()));
    await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answering(server, env, said);
    // A null sink that nobody listens to works in steps of two seconds, and takes as long to wake. No sound card does.
    const sinks = [...options.sinks, ...(options.pair === true ? ['pair'] : [])];
    listeners.push(...(await Promise.all(sinks.map((sink) => listen(env, sink)))));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address,
    follow: (sink, onPcm) => follow(env, sink, onPcm),
    record: (sink, channels = 1) => record(env, sink, channels),
    stop,
  };
}

/** Keeps a sink awake; resolves when it is. */
async function listen(env: NodeJS.ProcessEnv, sink: string): Promise<{ stop(): Promise<void> }> {
  const args = ['--record', '--raw', `--latency-msec=${LATENCY_MS}`, `--device=${sink}.monitor`];
  const listener = spawn('pacat', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(listener.stdout, 'data');
  listener.stdout.resume();
  return { stop: () => end(listener) };
}

async function follow(
  env: NodeJS.ProcessEnv,
  sink: string,
  onPcm: (pcm: Buffer) => void,
): Promise<{ stop(): Promise<void> }> {
  const format = ['--raw', '--format=s16le', `--rate=${RATE}`, '--channels=1'];
  const args = ['--record', ...format, `--latency-msec=${FOLLOW_MS}`, `--device=${sink}.monitor`];
  const listener = spawn('pacat', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  listener.stdout.on('data', onPcm);
  await once(listener.stdout, 'data');
  return { stop: () => end(listener) };
}

/** Resolves when a client can connect. */
async function answering(
  server: ChildProcess,
  env: NodeJS.ProcessEnv,
  said: readonly string[],
): Promise<void> {
  for (let attempt = 0; attempt < 400 && server.exitCode === null; attempt++) {
    const client = spawn('pacat', ['--raw', '--playback'], { env, stdio: ['ignore', 'ignore', 'ignore'] });
    const [code] = (await once(client, 'close')) as [number | null];
    if (code === 0) return;
  }
  throw new Error(`pulseaudio does not answer: ${said.join('')}`);
}

async function record(
  env: NodeJS.ProcessEnv,
  sink: string,
  channels: 1 | 2,
): Promise<{ stop(): Promise<Heard> }> {
  const format = [
    '--raw',
    '--format=s16le',
    `--rate=${RATE}`,
    `--channels=${channels}`,
    `--latency-msec=${LATENCY_MS}`,
  ];
  const args = ['--record', ...format, `--device=${sink}.monitor`];
  const recorder = spawn('pacat', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  recorder.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    firstMs = Math.min(firstMs, performance.now() - bytes / (2 * channels) / (RATE / 1000));
  });
  await once(recorder.stdout, 'data');
  return {
    stop: async () => {
      await end(recorder);
      const samples = fromS16(Buffer.concat(chunks));
      if (channels === 1) return { samples, firstMs, right: new Float32Array(0) };
      const channel = (index: number) =>
        Float32Array.from({ length: samples.length >> 1 }, (_, frame) => samples[frame * 2 + index] ?? 0);
      return { samples: channel(0), right: channel(1), firstMs };
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
