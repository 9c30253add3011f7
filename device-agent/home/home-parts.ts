import { join } from 'node:path';
import type { Clock } from '#kit';
import type { Provisioning } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import type { Journal } from '../journal/journal.ts';
import type { ControllerHttp } from '../link/controller-http.ts';
import type { ClientCertificate } from '../link/endpoints.ts';
import type { Link } from '../link/link.ts';
import type { OwnWords } from '../link/own-words.ts';
import { errorText, type Log } from '../log.ts';
import type { OrderStore } from '../state/order-store.ts';
import type { Prover } from '../state/prover.ts';
import { writeHome } from './home-file.ts';
import { HomeMover } from './home-mover.ts';
import { HomeTrial } from './home-trial.ts';
import { nothingUnderWay, takeLeave } from './take-leave.ts';

export interface HomePartsOptions {
  readonly dataFolder: string;
  /** As it was enrolled: what a move is written down for. */
  readonly enrolled: Provisioning;
  /** The home in force. */
  readonly provisioning: Provisioning;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly bootId: string;
  readonly publicKey: () => string;
  readonly words: OwnWords;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly time: TrustedTime;
  readonly prover: Prover;
  readonly areas: () => readonly string[];
  readonly link: Link;
  readonly http: ControllerHttp;
  readonly journal: Journal;
  readonly orders: OrderStore;
  /** Nothing sounds. */
  readonly silent: () => boolean;
  /** It belongs elsewhere from the next start on. */
  readonly onMoved: () => void;
}

/** What moves a loudspeaker to another controller, and is told of documents over each way that there is. */
export function homeParts(options: HomePartsOptions): HomeMover {
  const { dataFolder, provisioning, clock, log, random, time, prover, areas, link, http, journal, orders } =
    options;
  const { speakerId, secret, url } = provisioning;
  const { clientCertificate, bootId, words } = options;
  const mover = new HomeMover({
    ...{ dataFolder, speakerId, url, clock, log, time, prover, areas, random },
    trial: (home, name) =>
      new HomeTrial({
        ...{ home, speakerId, secret, words, clientCertificate, clock, log, random },
        folder: join(dataFolder, name),
        facts: () => ({ bootId, publicKey: options.publicKey(), journal }),
        now: () => time.now().instant,
      }),
    quiet: () => options.silent() && nothingUnderWay(orders, time.now().instant),
    takeLeave: ({ url }) => takeLeave({ journal, orders, time, clock }, url),
    go: async (home, name, sessionEpoch) => {
      await writeHome(dataFolder, options.enrolled, { home, name, sessionEpoch });
      log.info('the new home has greeted this loudspeaker: it belongs there now', { url: home.url });
      options.onMoved();
    },
  });
  link.on('rehome', async ({ payload }) => {
    await mover.take(payload.toString('latin1'));
  });
  link.on('reached', async () => {
    try {
      for (const document of await http.rehomes(AbortSignal.timeout(30_000))) await mover.take(document);
    } catch (error) {
      log.info('moves to other controllers could not be asked for', { reason: errorText(error) });
    }
  });
  return mover;
}
