import { LightSpeaker } from './light-speaker.ts';
import { type ConnectCommand, preciseNow, type WorkerCommand, type WorkerReply } from './messages.ts';

/** One process of loudspeakers, told by its parent what to do. */
const arrivals = new Map<string, number>();
const speakers: LightSpeaker[] = [];

function reply(message: WorkerReply): void {
  process.send?.(message);
}

async function connectAll(command: ConnectCommand): Promise<void> {
  const open = [...command.speakers];
  const lane = async () => {
    for (let identity = open.pop(); identity !== undefined; identity = open.pop()) {
      const speaker = new LightSpeaker({
        identity,
        port: command.port,
        tls: command.tls,
        hello: command.hello,
        onOrder: (id) => {
          if (!arrivals.has(id)) arrivals.set(id, preciseNow());
        },
      });
      speakers.push(speaker);
      await speaker.connect();
    }
  };
  await Promise.all(Array.from({ length: command.atOnce }, lane));
  reply({ kind: 'connected', count: command.speakers.length });
}

process.on('message', (command: WorkerCommand) => {
  switch (command.kind) {
    case 'connect':
      connectAll(command).catch((error: unknown) => reply({ kind: 'failed', reason: String(error) }));
      return;
    case 'arm':
      arrivals.clear();
      reply({ kind: 'armed' });
      return;
    case 'report':
      reply({ kind: 'report', arrivals: [...arrivals.values()] });
      return;
    default:
      command satisfies never;
  }
});
process.on('disconnect', () => {
  for (const speaker of speakers) speaker.close();
  process.exit(0);
});
