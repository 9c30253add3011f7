import { importSigningKey } from '#protocols';
import { preciseNow } from '../load/messages.ts';
import { JournalSender } from './journal-sender.ts';
import type { ConnectSenders, SenderCommand, SenderReply } from './sender-messages.ts';

/** One process of loudspeakers with journals, told by its parent what to do. */
const senders: JournalSender[] = [];

async function connect({ speakers, port, key }: ConnectSenders): Promise<void> {
  const signing = importSigningKey(key);
  for (const identity of speakers) {
    const sender = new JournalSender({ identity, key: signing, port });
    senders.push(sender);
    await sender.connect();
  }
}

async function obey(command: SenderCommand): Promise<SenderReply> {
  switch (command.kind) {
    case 'connect':
      await connect(command);
      return { kind: 'ready' };
    case 'prepare':
      for (const sender of senders) sender.prepare(command.broadcastIds, command.perBatch);
      return { kind: 'ready' };
    case 'send': {
      const refused = await Promise.all(senders.map((sender) => sender.send()));
      return { kind: 'sent', endedAt: preciseNow(), refused: refused.reduce((sum, one) => sum + one, 0) };
    }
    default:
      return command satisfies never;
  }
}

process.on('message', (command: SenderCommand) => {
  obey(command).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ kind: 'failed', reason: String(error) } satisfies SenderReply),
  );
});
process.on('disconnect', () => {
  for (const sender of senders) sender.close();
  process.exit(0);
});
