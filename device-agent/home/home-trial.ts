import { mkdir } from 'node:fs/promises';
import { type Clock, Lifecycle } from '#kit';
import type { Home } from '#protocols';
import { ControllerHttp } from '../link/controller-http.ts';
import { type ClientCertificate, Endpoints } from '../link/endpoints.ts';
import { type HelloFacts, helloOf } from '../link/hello-of.ts';
import { Link } from '../link/link.ts';
import type { OwnWords } from '../link/own-words.ts';
import { errorText, type Log } from '../log.ts';
import { AssignmentStore } from '../state/assignment-store.ts';
import { KeyStore } from '../state/key-store.ts';
import { SessionEpoch } from '../state/session-epoch.ts';

export interface HomeTrialOptions {
  readonly home: Home;
  /** Where what the controller there has signed is kept, also after the move. */
  readonly folder: string;
  readonly speakerId: string;
  readonly secret: string;
  readonly words: OwnWords;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** What is said of this loudspeaker; of what the old home has signed nothing is. */
  readonly facts: () => Pick<HelloFacts, 'bootId' | 'publicKey' | 'journal'>;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * A second connection beside the one to the home in force: whether another controller knows this loudspeaker. It does when it has proved its keys from the roots
 * that were named, has answered hello, and has sent an assignment that it signed itself. Nothing is played for it.
 */
export class HomeTrial extends Lifecycle {
  readonly #options: HomeTrialOptions;
  readonly #link: Link;
  readonly #assignments: AssignmentStore;
  readonly #keys: KeyStore;
  readonly #sessionEpoch: SessionEpoch;
  #assigned = false;
  #tell: (sessionEpoch: number) => void = () => undefined;
  /** Resolves with the number of the connection on which it was greeted; never where it is not. */
  readonly greeted: Promise<number>;

  constructor(options: HomeTrialOptions) {
    super();
    this.#options = options;
    const { home, folder, speakerId, secret, words, clientCertificate, clock, log } = options;
    const { url, ca, endpoints: more, roots: rootKeys } = home;
    this.greeted = new Promise((resolve) => {
      this.#tell = resolve;
    });
    this.#keys = new KeyStore({ folder, rootKeys, log });
    this.#assignments = new AssignmentStore({ folder, speakerId, log });
    this.#sessionEpoch = new SessionEpoch({ folder, log });
    const endpoints = new Endpoints({ url, ca, speakerId, secret, clientCertificate, more: () => more });
    this.#link = new Link({
      ...{ speakerId, secret, clock, log, endpoints, words },
      ...{ keys: this.#keys, sessionEpoch: this.#sessionEpoch },
      http: new ControllerHttp({ endpoints, clock, keys: this.#keys }),
      areas: () => [],
      hello: (want) =>
        helloOf(
          { ...options.facts(), assignments: this.#assignments, held: [], documents: () => [] },
          this.#assigned ? want : want.filter((name) => name !== 'assignment'),
        ),
      now: options.now,
      random: options.random,
    });
  }

  protected override async onStart(): Promise<void> {
    const { folder, clock, log } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#keys.load(clock.now());
    this.disposers.defer(
      'the assignment of a new home',
      this.#link.on('assignment', async ({ payload }) => {
        await this.#assignments
          .accept(payload.toString('latin1'), this.#keys.ring)
          .then(() => {
            this.#assigned = true;
            this.#look();
          })
          .catch((error) => log.warn('the new home’s assignment was refused', { reason: errorText(error) }));
      }),
    );
    this.disposers.defer(
      'the welcome of a new home',
      this.#link.on('online', () => this.#look()),
    );
    this.disposers.defer('the connection to a new home', () => this.#link.stop());
    await this.#link.start();
  }

  #look(): void {
    if (this.#assigned && this.#link.online) this.#tell(this.#sessionEpoch.current);
  }
}
