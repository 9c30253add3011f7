import type { Clock } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import { accountActor } from '../domain/accounts/account.ts';
import { AccountDirectory } from '../domain/accounts/account-directory.ts';
import { AccountService, type AccountServiceOptions } from '../domain/accounts/account-service.ts';
import type { Actor } from '../domain/accounts/actor.ts';
import { ApiTokenBook } from '../domain/accounts/api-token-book.ts';
import { ApiTokenService } from '../domain/accounts/api-token-service.ts';
import { Authenticator } from '../domain/accounts/authenticator.ts';
import { KnownDevices } from '../domain/accounts/known-devices.ts';
import { LinkService } from '../domain/accounts/link-service.ts';
import { LoginGuard } from '../domain/accounts/login-guard.ts';
import { LoginService } from '../domain/accounts/login-service.ts';
import { Notices } from '../domain/accounts/notices.ts';
import { LINK_KINDS } from '../domain/accounts/one-time-link.ts';
import { OwnAccountService } from '../domain/accounts/own-account-service.ts';
import { PasskeyVerifier } from '../domain/accounts/passkey-verifier.ts';
import { PasswordChoice } from '../domain/accounts/password-choice.ts';
import { PasswordHasher } from '../domain/accounts/password-hash.ts';
import { SecondFactors } from '../domain/accounts/second-factors.ts';
import { SecretSealer } from '../domain/accounts/secret-sealer.ts';
import { SessionBook } from '../domain/accounts/session-book.ts';
import { SetupService } from '../domain/accounts/setup-service.ts';
import { TokenBook } from '../domain/accounts/token-book.ts';
import { openTokens } from '../domain/accounts/tokens-file.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { Refusals } from '../domain/audit/refusals.ts';
import type { AfterRestore } from '../domain/backup/restored.ts';
import type { KeyVault } from '../domain/keys/key-vault.ts';
import type { MailQueue } from '../domain/mail/mail-queue.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { MachineTokens, PeopleServices } from '../http/people-services.ts';
import type { Logger } from '../logger.ts';

export interface PeopleSideOptions {
  readonly vault: KeyVault;
  readonly config: Pick<ServerConfig, 'publicUrl' | 'tokensFile'>;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly areas: AreaDirectory;
  readonly refusals: Refusals;
  /** Null: there is no mail server. */
  readonly mails: MailQueue | null;
  readonly followGiver: AccountServiceOptions['followGiver'];
}

export type PeopleSide = ReturnType<typeof buildPeopleSide>;

/** People, machines' tokens and what they log in with, joined but not started: `load` first, then the two books. */
export function buildPeopleSide(options: PeopleSideOptions) {
  const { config, vault, storage, clock, log, areas, mails, refusals, followGiver } = options;
  const { publicUrl, tokensFile } = config;
  const onError = (error: unknown) => log.error({ err: error, part: 'people' }, 'a part failed');
  const directory = new AccountDirectory();
  const sealer = new SecretSealer(vault);
  const factors = new SecondFactors(sealer);
  const sessions = new SessionBook({ storage, clock, onError });
  const apiTokenBook = new ApiTokenBook({ storage, clock, onError });
  let fileTokens = new TokenBook([]);
  const isMachine = (name: string) => fileTokens.names().has(name);
  const passkeys = new PasskeyVerifier({ clock, publicUrl });
  const hasher = new PasswordHasher();
  const passwords = new PasswordChoice({ hasher, areas });
  const guard = new LoginGuard(clock);
  const devices = new KnownDevices(sealer, clock);
  const notices = new Notices({ accounts: directory, areas, mails });
  const common = { storage, clock, accounts: directory, notices, factors, sessions, passwords };
  const authenticator = new Authenticator({ ...common, hasher, passkeys, guard, devices, refusals });
  const links = new LinkService({ read: storage.read, clock, accounts: directory, publicUrl });
  const apiTokens = new ApiTokenService({ book: apiTokenBook, areas, clock });
  const services: PeopleServices = {
    ...{ publicUrl, directory, devices, factors, sessions, passkeys, links, apiTokens },
    sendsMail: mails !== null,
    setup: new SetupService({ ...common, areas, publicUrl, isMachine }),
    login: new LoginService({ ...common, authenticator, links }),
    own: new OwnAccountService({ ...common, authenticator, passkeys }),
    accounts: new AccountService({
      ...{ ...common, links, areas, isMachine, followGiver },
      revokeTokensOf: (tx, maker) => apiTokens.revokeOf(tx, maker),
    }),
  };
  const tokens: MachineTokens = {
    find: (token, origin) => {
      const ofFile = fileTokens.find(token);
      return ofFile === undefined ? apiTokenBook.find(token, origin) : { ...ofFile, origin };
    },
  };
  return {
    ...{ services, tokens, sessions, apiTokenBook, notices },
    /** What a person may do at this moment, by name, whoever asks; undefined: nobody of that name, or a machine. */
    actorNow: (name: string): Actor | undefined => {
      const account = directory.find(name);
      return account === undefined ? undefined : accountActor(account, clock.now(), '');
    },
    /** What is held in memory, from the database and the operator's file. Throws `TokensFileError`. */
    load: async () => {
      const { read } = storage;
      directory.load(await read.accounts.all());
      await sealer.load();
      const { readable, lost } = factors.load(await read.totps.all(), await read.passkeys.all());
      if (readable.length > 0)
        await storage.transaction(async (tx) => {
          for (const totp of readable) await factors.saveTotp(tx, totp);
        });
      if (lost.length > 0)
        log.error(
          { accounts: lost },
          'the key folder has not the key (data.key) that sealed the secrets of these authenticator apps: put it back and start again, or reset these accounts',
        );
      const isAccount = (name: string) => directory.find(name) !== undefined;
      const { book, refused } = await openTokens({ path: tokensFile, isAccount });
      fileTokens = book;
      for (const line of refused) log.error({ part: 'people' }, line);
    },
    /** What would hold the event loop at its first use. */
    preload: () => passkeys.preload(),
    /** Who had a session, a link or a machine's token when a backup was taken has none after it was put back: what was revoked since would be open again. */
    afterRestore: (async (tx) => {
      const now = clock.now();
      const live = await tx.sessions.live(now);
      await tx.sessions.remove(live.map(({ id }) => id));
      for (const { name } of await tx.accounts.all()) await tx.links.endOpen(name, LINK_KINDS, now);
      for (const token of await tx.apiTokens.all())
        if (token.revokedAt === null) await tx.apiTokens.update({ ...token, revokedAt: Math.floor(now) });
    }) satisfies AfterRestore,
    /** Forgets sessions and links that have ended by themselves. */
    prune: async () => {
      await sessions.prune();
      await storage.transaction((tx) => tx.links.prune(clock.now() - LINK_MEMORY_MS));
    },
  };
}

/** An administrator still sees for a while that a QR code was used. */
const LINK_MEMORY_MS = 7 * 24 * 3_600_000;
